/** DBOS parks a workflow for good after this many recoveries; money workflows go on for as long as it takes. */
export const maxRecoveryAttempts = 1_000_000;
