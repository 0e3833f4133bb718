import { describe, expect, it } from 'vitest';
import { hear, SoundOnsets } from '../../../scripts/src/patrol/sounds.js';

describe('an ear at the buzzer', () => {
  it('tells where a sound begins from the pauses within it', () => {
    const onsets = new SoundOnsets();
    for (const beganMs of [10_000, 20_000]) {
      // Three times three, with 0.1 s and 0.3 s between.
      for (const onMs of [0, 300, 600, 1_100, 1_400, 1_700]) {
        onsets.hear(true, beganMs + onMs);
        onsets.hear(false, beganMs + onMs + 200);
      }
    }
    expect(onsets.atMs).toEqual([10_000, 20_000]);
  });

  it('takes a line at rest for silence', () => {
    const onsets = new SoundOnsets();
    onsets.hear(false, 5);
    onsets.hear(false, 9_000);
    expect(onsets.atMs).toEqual([]);
  });
});

describe('hits and their sounds', () => {
  const hit = (id: string, committedAtMs: number, sounds = true) => ({ id, committedAtMs, sounds });

  it('belong together where the sound follows the commit', () => {
    const heard = hear([hit('a', 10_000), hit('b', 20_000)], [10_004, 20_030], []);
    expect([...heard.soundAtMs]).toEqual([
      ['a', 10_004],
      ['b', 20_030],
    ]);
    expect(heard).toMatchObject({ unheard: [], unexplained: 0, muted: 0 });
  });

  it('are told apart: a hit without a sound, a sound without a hit, a silent hit that sounds', () => {
    expect(hear([hit('a', 10_000)], [], [])).toMatchObject({ unheard: ['a'], unexplained: 0 });
    expect(hear([], [10_000], [])).toMatchObject({ unexplained: 1 });
    expect(hear([hit('a', 10_000, false)], [10_004], [])).toMatchObject({ unheard: [], unexplained: 1 });
    expect(hear([hit('a', 10_000)], [15_000], [])).toMatchObject({ unheard: ['a'], unexplained: 1 });
  });

  it('need no beginning of their own while another one sounds', () => {
    expect(hear([hit('a', 10_000), hit('b', 12_000)], [10_004], [])).toMatchObject({ unheard: [] });
  });

  it('are silent while the crew wants it, and a sound then is one too many', () => {
    const mutes = [{ fromMs: 9_000, untilMs: 39_000 }];
    expect(hear([hit('a', 10_000), hit('b', 50_000)], [50_004], mutes)).toMatchObject({
      unheard: [],
      unexplained: 0,
      muted: 1,
    });
    expect(hear([hit('a', 10_000)], [10_004], mutes)).toMatchObject({ unexplained: 1, muted: 1 });
  });
});
