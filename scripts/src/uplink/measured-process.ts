import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process that is measured: nothing of the bench's own memory and work is in it. */
export class MeasuredProcess<Order extends object, Report extends { readonly kind: string }> {
  readonly #child: ChildProcess;

  /** @param module beside this one. @param onProgress what it says while it works. */
  constructor(module: string, onProgress: (text: string) => void) {
    this.#child = fork(fileURLToPath(new URL(module, import.meta.url)));
    this.#child.on('message', (message: { readonly kind: string; readonly text?: string }) => {
      if (message.kind === 'progress') onProgress(message.text as string);
    });
  }

  /** @throws Error where it dies. */
  tell(order: Order): Promise<Exclude<Report, { readonly kind: 'progress' }>> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
      };
      const onMessage = (message: Report) => {
        if (message.kind === 'progress') return;
        settle();
        resolve(message as Exclude<Report, { readonly kind: 'progress' }>);
      };
      const onExit = (code: number | null, signal: string | null) => {
        settle();
        reject(new Error(`the measured process died: ${signal ?? `exit code ${code}`}`));
      };
      this.#child.on('message', onMessage);
      this.#child.once('exit', onExit);
      this.#child.send(order);
    });
  }

  async stop(order: Order): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.send(order);
    await gone;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
