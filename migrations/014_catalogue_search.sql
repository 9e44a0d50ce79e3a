-- Products get a category, and words by which they are found. Both extensions come with Postgres and are trusted: a user who may create
-- in the database may create them. A hosted server may have put them into a schema of their own.
create extension if not exists pg_trgm;
create extension if not exists unaccent;
select set_config('search_path', concat_ws(', ', current_setting('search_path'), (
  select string_agg(distinct quote_ident(nspname), ', ') from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
  where extname in ('pg_trgm', 'unaccent') and nspname <> 'public'
)), true);
-- Loads the library, whose settings are unknown before.
select similarity('', '');

alter table products add column category text
  check (category = btrim(category) and length(category) between 1 and 60 and category !~ '[\u0001-\u001f\u007f-\u009f]');
update products set category = seeded.category
from (values
  ('cleat', 'Deck fittings'), ('bell', 'Deck fittings'), ('block', 'Rigging'), ('shackle', 'Rigging'),
  ('snatch-hook', 'Rigging'), ('turnbuckle', 'Rigging'), ('marlinspike', 'Splicing'), ('thimble', 'Splicing')
) as seeded (sku, category)
where products.sku = seeded.sku and image = '/assets/products/' || seeded.sku || '.svg';

-- The ways in which the catalogue is sorted.
create index products_name on products (lower(product), product_id);
create index products_price on products (price_cents, product_id);
create index products_category on products (category, product_id);

-- The words of a text as they are compared: without case, accents and punctuation. Searches and products go through the same function.
-- Separators are listed by their code points, because the classes of letters differ between the locales of databases.
create function words_of(given text) returns text[] language sql immutable strict parallel safe
return array_remove(regexp_split_to_array(
  lower(unaccent(normalize(
    regexp_replace(normalize(given, nfkd), '[\u0027\u0060\u02bc\u2018\u2019\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u00ad]', '', 'g'), nfkc
  ))),
  '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u060c\u061b\u061f\u066a-\u066d\u0964\u0965\u2000-\u206f'
  '\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb\ue000-\uf8ff\ufe00-\ufe1f\ufe30-\ufe4f\ufeff'
  '\ufffc\ufffd\U0001f000-\U0001faff\U000e0000-\U000e0fff]+'
), '');

-- Plurals and other forms of a word have one stem. The texts of the shop are English.
create function stem_of(word text) returns text language sql immutable strict parallel safe
return coalesce((ts_lexize('english_stem', word))[1], word);

-- The word, and the word without each of its letters. Two words that share one of these are about one typing error apart. Short words
-- would be near to too many others, and long ones are compared by their trigrams.
create function misspellings_of(word text) returns text[] language sql immutable strict parallel safe
return case
  when length(word) < 3 then '{}'
  when length(word) = 3 or length(word) > 20 then array[word]
  else array(select word union select overlay(word placing '' from letter for 1) from generate_series(1, length(word)) as letter)
end;

-- The same without two letters.
create function misspellings_twice(word text) returns text[] language sql immutable strict parallel safe
return array(select distinct unnest(misspellings_of(once)) from unnest(misspellings_of(word)) as once);

-- Every single word that a product has or had. Words stay, because two transactions may use one word at once.
create table search_words (
  word text collate "C" primary key,
  stem text collate "C" not null generated always as (stem_of(word)) stored,
  misspellings text[] collate "C" not null generated always as (misspellings_of(word)) stored
);
create index search_words_stem on search_words (stem);
create index search_words_parts on search_words using gin (word gin_trgm_ops);
create index search_words_misspellings on search_words using gin (misspellings);

-- The words of each product. field: 1 description, 2 category, 3 a part of the SKU, 4 name, 5 the whole SKU, 6 two words of the name that
-- follow each other, written as one.
create table product_words (
  product_id integer not null references products on delete cascade,
  field smallint not null check (field between 1 and 6),
  word text collate "C" not null,
  primary key (product_id, field, word),
  unique (word, field, product_id)
);

-- How many products each category has; the empty one counts those without. A count of ten thousand rows takes longer than the rest of
-- the page.
create table category_counts (
  category text primary key,
  size integer not null check (size >= 0)
);

-- The words of one product. A text without spaces is cut into parts that overlap.
create function words_of_product(sku text, product text, description text, category text)
returns table (field smallint, word text) language sql immutable parallel safe
begin atomic
  select distinct cast(texts.field as smallint), substr(texts.word, start, 40)
  from (
    select 1 as field, unnest(words_of(description)) as word
    union all select 2, unnest(words_of(category))
    union all select 3, unnest(words_of(sku))
    union all select 4, unnest(words_of(product))
    union all select 6, names.word || lead(names.word) over (order by names.place)
      from unnest(words_of(product)) with ordinality as names (word, place)
    union all select 5, array_to_string(words_of(sku), '')
  ) as texts
  cross join generate_series(1, greatest(length(texts.word) - 20, 1), 20) as start
  where texts.word <> '';
end;

-- Keeps the words and the counts of products in the transaction that changes the products.
create function index_products() returns trigger language plpgsql set search_path from current as $$
  declare
    changed integer[];
  begin
    if tg_op = 'INSERT' then
      changed := array(select product_id from added);
    elsif tg_op = 'DELETE' then
      changed := array(select product_id from removed);
    else
      changed := array(
        select product_id from added join removed using (product_id)
        where (added.sku, added.product, added.description, added.category)
          is distinct from (removed.sku, removed.product, removed.description, removed.category)
      );
    end if;
    if tg_op <> 'INSERT' then
      delete from product_words where product_id = any(changed);
      update category_counts set size = category_counts.size - gone.size
      from (
        select coalesce(category, '') as category, count(*) as size from removed where product_id = any(changed) group by 1
      ) as gone
      where category_counts.category = gone.category;
    end if;
    if tg_op <> 'DELETE' then
      insert into search_words (word)
      select distinct words.word from added cross join words_of_product(sku, product, description, category) as words
      where product_id = any(changed) and words.field < 5
      order by words.word
      on conflict do nothing;
      insert into product_words (product_id, field, word)
      select product_id, words.field, words.word
      from added cross join words_of_product(sku, product, description, category) as words
      where product_id = any(changed);
      insert into category_counts (category, size)
      select coalesce(category, ''), count(*) from added where product_id = any(changed) group by 1 order by 1
      on conflict (category) do update set size = category_counts.size + excluded.size;
    end if;
    return null;
  end $$;
create trigger products_index_added after insert on products
  referencing new table as added for each statement execute function index_products();
create trigger products_index_changed after update on products
  referencing old table as removed new table as added for each statement execute function index_products();
create trigger products_index_removed after delete on products
  referencing old table as removed for each statement execute function index_products();

-- The words of products go with them by their reference.
create function forget_products() returns trigger language plpgsql set search_path from current as $$
  begin
    delete from category_counts;
    return null;
  end $$;
create trigger products_forget after truncate on products for each statement execute function forget_products();

insert into search_words (word)
select distinct words.word from products cross join words_of_product(sku, product, description, category) as words
where words.field < 5
order by words.word;
insert into product_words (product_id, field, word)
select product_id, words.field, words.word from products
cross join words_of_product(sku, product, description, category) as words;
insert into category_counts (category, size) select coalesce(category, ''), count(*) from products group by 1;

-- The words of a search that count: "the" and its like do only where there are no others.
create function terms_of(searched text) returns text[] language sql stable parallel safe
begin atomic
  with terms as (
    select word, min(place) as place, ts_lexize('english_stem', word) = '{}' as common
    from unnest(words_of(searched)) with ordinality as words (word, place) group by word
  )
  select coalesce(array_agg(word order by place), '{}') from terms
  where not common or not exists (select from terms as others where not others.common);
end;

-- The words of products that a word of a search may mean, from the same word (1) down to a misspelt one. A word that is spelt right means
-- no other, and a misspelt one the nearest. A number is never taken for another one. Postgres takes the index of arrays for dearer than a
-- look at every word, which lasts a hundred times as long.
create function meanings_of(typed text) returns table (word text, likeness real) language plpgsql stable parallel safe rows 20
set search_path from current set pg_trgm.similarity_threshold = 0.25 set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
  declare
    -- The end of the words that begin with the typed one.
    beyond text collate "C" := typed || chr(1114111);
    twice text[];
  begin
    return query
      select candidates.word, cast(max(candidates.likeness) as real)
      from (
        select typed collate "C" as word, 1.0 as likeness
        union all select search_words.word, 0.95 from search_words where stem = stem_of(typed)
        union all select search_words.word, 0.9 from search_words
          where length(typed) > 1 and search_words.word >= typed and search_words.word < beyond
        union all select search_words.word, 0.6 from search_words
          where octet_length(typed) > 2 and search_words.word like '%' || typed || '%'
      ) as candidates
      where exists (select from product_words where product_words.word = candidates.word)
      group by candidates.word;
    if found or typed ~ '\d' then
      return;
    end if;
    return query
      select candidates.word, cast(max(candidates.likeness) as real)
      from (
        select search_words.word, 0.5 as likeness from search_words
        where misspellings && (misspellings_of(typed) || misspellings_of(regexp_replace(regexp_replace(typed, 'ies$', 'y'), 's$', '')))
        union all select search_words.word, 0.5 * similarity(search_words.word, typed) from search_words
        where length(typed) > 5 and search_words.word % typed and similarity(search_words.word, typed) >= 0.4
      ) as candidates
      where exists (select from product_words where product_words.word = candidates.word)
      group by candidates.word;
    if found or length(typed) < 6 then
      return;
    end if;
    -- Two typing errors.
    twice := misspellings_twice(typed);
    return query
      select cast(search_words.word as text), cast(0.5 * similarity(search_words.word, typed) as real) from search_words
      where search_words.word % typed and length(search_words.word) between greatest(6, length(typed) - 2) and length(typed) + 2
        and misspellings_twice(search_words.word) && twice
        and exists (select from product_words where product_words.word = search_words.word);
  end $$;

-- The products that have every word of a search, or its text as their SKU. The score puts names before SKUs, categories and
-- descriptions, in this order, and within each the same word before the beginning of one, a part of one, and a misspelt one.
create function search_products(searched text) returns table (product_id integer, score double precision) language plpgsql stable parallel safe
rows 100 set search_path from current set plan_cache_mode = force_generic_plan as $$
  #variable_conflict use_column
  declare
    -- By the field of a word.
    weights constant double precision[] := array[10, 20, 30, 40, 30, 40];
    terms text[] := terms_of(searched);
    compact text := array_to_string(words_of(searched), '');
    -- The products whose whole SKU this is.
    named integer[] := array(select product_id from product_words where field = 5 and word = compact);
    -- The products of a word that few have: only these can have every word. Null when there is no such word.
    candidates integer[];
    few constant integer := 200;
  begin
    -- One word, by far the most frequent search.
    if terms = array[compact] then
      return query
        select product_id, max(likeness * weights[field]) + case when product_id = any(named) then 1000 else 0 end
        from meanings_of(terms[1]) as meanings join product_words using (word)
        group by product_id;
      return;
    end if;
    for place in 1 .. cardinality(terms) loop
      candidates := array(
        select product_id from meanings_of(terms[place]) as meanings join product_words using (word) limit few + 1
      );
      exit when cardinality(candidates) <= few;
      candidates := null;
    end loop;
    return query
      with hits as (
        select having_word.product_id, wanted.place, max(likeness * weights[field]) as score
        from unnest(terms) with ordinality as wanted (term, place)
        cross join lateral meanings_of(wanted.term) as meanings
        cross join lateral (
          select product_id, field from product_words where candidates is null and word = meanings.word
          union all
          select product_id, field from product_words where product_id = any(candidates) and word = meanings.word
        ) as having_word
        group by having_word.product_id, wanted.place
        union all
        select unnest(named), 0, 1000
      )
      select product_id, sum(score) from hits
      group by product_id
      having count(*) filter (where place > 0) = cardinality(terms) or bool_or(place = 0);
  end $$;

-- For each word of a search what it may have been: itself where a product has it, otherwise the nearest misspelt word, or the word that
-- looks most like it; null where nothing does.
create function suggested_words(searched text) returns table (place bigint, word text) language plpgsql stable
set search_path from current set pg_trgm.similarity_threshold = 0.25 as $$
  begin
    return query
      select terms.place, coalesce(
        (
          select case when likeness > 0.5 then terms.term else meanings.word end from meanings_of(terms.term) as meanings
          order by likeness desc, meanings.word limit 1
        ),
        (
          select cast(search_words.word as text) from search_words
          where search_words.word % terms.term and terms.term !~ '\d'
            and exists (select from product_words where product_words.word = search_words.word and field in (2, 4))
          order by similarity(search_words.word, terms.term) desc, search_words.word limit 1
        )
      )
      from unnest(terms_of(searched)) with ordinality as terms (term, place)
      order by terms.place;
  end $$;
