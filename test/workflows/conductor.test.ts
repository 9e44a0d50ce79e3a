import { DBOS } from '@dbos-inc/dbos-sdk';
import { enterpriseLoader } from '@dbos-inc/dbos-sdk/internal/enterprise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchEngine } from '../../src/workflows/engine.ts';
import { FakeConductor, FakeConductorWebsocket } from '../support/conductor.ts';
import { ask } from '../support/orders.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

const conductor = new FakeConductor();
let shop: TestShop;

beforeAll(async () => {
  DBOS.setConfig({ name: 'holdfast', systemDatabaseUrl: 'postgres://nobody@127.0.0.1:1/none' });
  await expect(launchEngine({ key: 'a-key', url: undefined }, 'test')).rejects.toThrow(
    'requires @dbos-inc/dbos-enterprise',
  );
  enterpriseLoader.override = () => ({ ConductorWebsocket: FakeConductorWebsocket });
  shop = await startTestShop({
    DBOS_CONDUCTOR_KEY: 'a-key',
    DBOS_CONDUCTOR_URL: await conductor.start(),
  });
});

afterAll(async () => {
  await shop.close();
  enterpriseLoader.override = undefined;
  await conductor.close();
});

test('a shop with a Conductor connects to it, and its heartbeat has the id that the engine chose', async () => {
  await waitFor(
    'the connection',
    () => conductor.connections,
    ({ length }) => length > 0,
  );
  expect(conductor.connections).toEqual(['/conductor/v1alpha1/websocket/holdfast/a-key']);
  expect(FakeConductorWebsocket.options?.executorMetadata).toEqual({
    label: expect.stringMatching(/^test~/),
  });
  expect(await shop.database('executors').pluck('executor_id')).toEqual([DBOS.executorID]);
  expect(await ask(`${shop.shopUrl}/readyz`, undefined, { method: 'GET' })).toMatchObject({ status: 200 });
});

/** Leaves a dispatch of no order to a process that has ended. */
async function leaveWorkflow(executorId: string): Promise<void> {
  await shop.database.raw(
    `with ended as (insert into executors (executor_id, host, build, ended_at) values (:executorId, 'gone', '1', now()))
     select dbos.enqueue_workflow(
       workflow_name => 'dispatch', queue_name => 'dispatch', workflow_id => cast(:executorId as text),
       application_name => 'holdfast', positional_args => array[cast('999999' as json)],
       delay_until_epoch_ms => 9999999999999
     )`,
    { executorId },
  );
  await shop
    .database('dbos.workflow_status')
    .where({ workflow_uuid: executorId })
    .update({ status: 'PENDING', executor_id: executorId, updated_at: Date.now() });
}

test('the work of a lost process with a Conductor stays, and that of one without is taken over', async () => {
  const [withConductor, without] = ['01234567-89ab-4cde-8f01-23456789abcd', 'shop-0~0123abcd'] as const;
  await leaveWorkflow(withConductor);
  await leaveWorkflow(without);
  await waitFor(
    'the workflow of the process without a Conductor to be done',
    () => shop.database('dbos.workflow_status').where({ workflow_uuid: without }).first(),
    ({ status }) => status === 'SUCCESS',
  );
  expect(await shop.database('take_overs').pluck('from_executor')).toEqual([without]);
  expect(
    await shop.database('dbos.workflow_status').where({ workflow_uuid: withConductor }).first(),
  ).toMatchObject({ status: 'PENDING', executor_id: withConductor });
});
