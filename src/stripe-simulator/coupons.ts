import type { Statement } from '../shared/statement.ts';
import { type Coupon, type NewCoupon, newIdentifier } from './model.ts';

const columns = `id, amount_off, currency, max_redemptions, name, metadata, created_at, (
  select count(*)::integer from sessions where sessions.coupon = coupons.id and payment in ('paid', 'processing')
) as times_redeemed`;

/** Stores a new coupon. */
export async function insertCoupon(sql: Statement, coupon: NewCoupon): Promise<Coupon> {
  const [row] = await sql<Omit<Coupon, 'timesRedeemed'>>(
    `insert into coupons (id, amount_off, currency, max_redemptions, name, metadata)
     values (:id, :amountOff, :currency, :maxRedemptions, :name, :metadata) returning *`,
    { ...coupon, id: newIdentifier('cpn'), metadata: JSON.stringify(coupon.metadata) },
  );
  if (row === undefined) throw new Error('The insert returned no row');
  return { ...row, timesRedeemed: 0 };
}

/** Reads a coupon with the number of payments that it was used for. */
export async function selectCoupon(sql: Statement, id: string): Promise<Coupon | undefined> {
  const [row] = await sql<Coupon>(`select ${columns} from coupons where id = :id`, { id });
  return row;
}
