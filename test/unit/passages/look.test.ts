import { expect, it } from 'vitest';
import type { PlateLook } from '../../../src/domain/optics.js';
import type { Passage } from '../../../src/domain/passage.js';
import { approach, frameAt, newPassages, quadAt } from '../../support/drives.js';
import { latticeOf } from '../../support/lattices.js';

const car = approach({ text: 'AB12CDE', fromS: 0, lastsS: 2 });

/** A car that comes closer, its plate measured in every frame as `look` says. */
function driven(look: (frame: number) => Partial<PlateLook> & { cutOff?: boolean }): Passage {
  const passages = newPassages();
  for (let index = 0; index < 45; index++) {
    const sight = car(index / 25);
    if (sight === undefined) continue;
    const { cutOff = false, ...measured } = look(index);
    const frame = frameAt(index, index * 40);
    passages.observe(frame, [
      {
        frameIndex: index,
        capturedAtMs: frame.capturedAtMs,
        capturedMonoMs: frame.capturedMonoMs,
        quad: quadAt(sight),
        detectionScore: 0.9,
        lattice: latticeOf(['AB12CDE'], {}, 0.999),
        sharpness: 100,
        cutOff,
        look: {
          heightPx: sight.heightPx,
          brightness: 150,
          saturatedShare: 0,
          contrast: 0.8,
          edgePx: 2,
          ...measured,
        },
      },
    ]);
  }
  return passages.flush().at(-1) as Passage;
}

it('a vehicle looks as in the frame in which its plate is largest', () => {
  const { look } = driven((frame) => ({ edgePx: frame }));
  expect(look?.edgePx).toBe(44);
  expect(look?.heightPx).toBe(car(44 / 25)?.heightPx);
});

it('a vehicle is as bright as in the brightest frame, whatever every second one was exposed for', () => {
  expect(driven((frame) => ({ brightness: frame % 2 === 0 ? 38 : 150 })).look?.brightness).toBe(150);
});

it('a plate that the edge cuts off says nothing of the camera', () => {
  const { look } = driven((frame) => ({ edgePx: frame, cutOff: frame > 30 }));
  expect(look?.edgePx).toBe(30);
});
