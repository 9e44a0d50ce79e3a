import type { FastifyInstance } from 'fastify';
import type { SimulatorContext } from '../context.ts';
import { eventView, faultGroupViews, sessionView, settingViews } from '../control-panel.ts';
import { selectCharge } from '../database/charges.ts';
import { countHits, selectFaults } from '../database/faults.ts';
import { selectNewestEvents, selectNewestSessions } from '../database/panel.ts';
import { selectSession } from '../database/sessions.ts';
import { sendHtml, sendMessage } from '../http/html.ts';
import { isIdentifier } from '../identifier.ts';
import { render } from '../render.ts';

interface ById {
  Params: { id: string };
}

const rowsShown = 20;

/** The control panel as a page. Its buttons are forms, so it works without JavaScript. */
export function controlPages(server: FastifyInstance, { sql }: SimulatorContext): void {
  server.addHook('onRequest', async (_request, reply) => {
    // A browser that tells no referrer tells no origin either, and the panel's own forms need one.
    reply.header('Referrer-Policy', 'same-origin');
  });

  // What `npm start` prints is the address of the service, and this is its one page for everybody.
  server.get('/', async (_request, reply) => reply.redirect('/control', 303));

  server.get('/control', async (_request, reply) => {
    const { seed, rates, settings } = await selectFaults(sql);
    const sessions = await selectNewestSessions(sql, rowsShown);
    const events = await selectNewestEvents(sql, rowsShown);
    const model = {
      seed,
      groups: faultGroupViews(rates, await countHits(sql)),
      settings: settingViews(settings),
      sessions: sessions.map(({ session, charge }) => sessionView(session, charge)),
      events: events.map(eventView),
    };
    return sendHtml(reply, await render('control', model));
  });

  server.get<ById>('/control/sessions/:id', async (request, reply) => {
    const { id } = request.params;
    const session = isIdentifier(id) ? await selectSession(sql, id) : undefined;
    if (session === undefined) {
      return sendMessage(reply, 404, {
        title: 'No such session',
        sentence: 'There is no session at this address.',
      });
    }
    const { rates } = await selectFaults(sql);
    const model = {
      session: sessionView(session, await selectCharge(sql, session.id)),
      groups: faultGroupViews(session.faults ?? rates, {}),
    };
    return sendHtml(reply, await render('control-session', model));
  });
}
