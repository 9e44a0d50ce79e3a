/** A wait that can be cut short; a call that comes before the wait counts too. */
export interface Alarm {
  wake(): void;
  wait(milliseconds: number): Promise<void>;
}

/** Makes an alarm for one waiter. */
export function createAlarm(): Alarm {
  let woken = false;
  let end: (() => void) | undefined;
  return {
    wake() {
      woken = true;
      end?.();
    },
    async wait(milliseconds) {
      if (!woken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, milliseconds);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      end = undefined;
      woken = false;
    },
  };
}
