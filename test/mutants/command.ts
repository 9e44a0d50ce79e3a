import { spawn } from 'node:child_process';

/** How a command ended; `late` when it exceeded its time limit. */
export interface Ended {
  readonly code: number | null;
  readonly late: boolean;
  readonly output: string;
}

const outputCharsMax = 20_000;
const groups = new Set<number>();

/** Runs a command in a group of processes of its own, so that whatever it starts ends with it. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; timeLimitMs: number },
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { cwd, env } = options;
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const { pid } = child;
    if (pid !== undefined) groups.add(pid);
    let [output, late] = ['', false];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-outputCharsMax);
      });
    }
    const timer = setTimeout(() => {
      late = true;
      endGroup(pid);
    }, options.timeLimitMs);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      // Its children would keep ports and databases.
      endGroup(pid);
      resolve({ code, late, output });
    });
  });
}

/** Ends every command that still runs. */
export function endCommands(): void {
  for (const pid of groups) endGroup(pid);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined || !groups.delete(pid)) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
}
