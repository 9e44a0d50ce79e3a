-- Erasures and pages find attention items and refunds by their order.
create index attention_order_id on attention (order_id) where order_id is not null;
create index refunds_order_id on refunds (order_id);

-- The words of buyers, mail servers and the provider, which housekeeping removes in time. Those that are removed leave the index.
create index attention_words on attention (raised_at)
  where detail ->> 'error' <> '(erased)' or detail ->> 'message' <> '(erased)';
