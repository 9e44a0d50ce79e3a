import { Session } from 'node:inspector/promises';

/** Records which functions are called from its creation on. */
export interface CalledFunctions {
  /** The first characters of each uncalled function in the files with a matching address. */
  uncalledIn(address: RegExp): Promise<string[]>;
}

// The getters that the test runner puts in the place of exports are shorter than any function of ours.
const shortestText = 60;
const shownCharacters = 100;

/** Counts calls from now on, in modules that are loaded later too. */
export async function watchCalls(): Promise<CalledFunctions> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  return {
    uncalledIn: async (address) => {
      const { result } = await session.post('Profiler.takePreciseCoverage');
      await session.post('Debugger.enable');
      const uncalled: string[] = [];
      for (const { url, scriptId, functions } of result.filter((script) => address.test(script.url))) {
        const { scriptSource } = await session.post('Debugger.getScriptSource', { scriptId });
        for (const { ranges } of functions) {
          const [range] = ranges;
          if (range === undefined || range.count > 0) continue;
          const text = scriptSource.slice(range.startOffset, range.endOffset);
          if (text.length < shortestText) continue;
          uncalled.push(
            `${url.split('/').at(-1)}: ${text.slice(0, shownCharacters).replaceAll(/\s+/g, ' ')}`,
          );
        }
      }
      session.disconnect();
      return uncalled;
    },
  };
}
