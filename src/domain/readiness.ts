/** Why a process cannot take orders. */
export type UnreadyCause =
  | 'starting'
  | 'draining'
  | 'database_away'
  | 'database_read_only'
  | 'disk_full'
  | 'schema_older'
  | 'schema_newer'
  | 'no_heartbeat';
