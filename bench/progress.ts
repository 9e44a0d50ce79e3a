/** Says what is going on: one line that changes on a terminal, a line each elsewhere. */
export interface Progress {
  say(text: string): void;
  /** Clears the line, so that what comes next begins where it stood. */
  done(): void;
}

export function showProgress(stream: NodeJS.WriteStream): Progress {
  const clear = stream.isTTY ? '\r\u001B[2K' : '';
  return {
    say: (text) => void stream.write(`${clear}${text}${stream.isTTY ? '' : '\n'}`),
    done: () => void stream.write(clear),
  };
}
