import { DBOSClient } from '@dbos-inc/dbos-sdk';
import { applicationName } from './workflow-ids.ts';

/** Deletes workflows for a program in which the engine does not run. */
export interface WorkflowRemover {
  /** Deletes workflows that have ended, with their inputs, steps and messages, in one transaction. */
  remove(workflowIds: string[]): Promise<void>;
  close(): Promise<void>;
}

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // The program reports its own errors, and ids are nothing to print.
}

/** Opens one connection to the engine's tables. */
export async function openWorkflowRemover(databaseUrl: string): Promise<WorkflowRemover> {
  const client = await DBOSClient.create({
    systemDatabaseUrl: databaseUrl,
    systemDatabasePoolSize: 1,
    applicationName,
    logger: silent,
  });
  return {
    remove: (workflowIds) => client.deleteWorkflows(workflowIds),
    close: () => client.destroy(),
  };
}
