import { describe, expect, it } from 'vitest';
import { timeOf } from '../../../../src/cli/watch/hit-lines.js';
import { WatchModel } from '../../../../src/cli/watch/model.js';
import { renderScreen } from '../../../../src/cli/watch/screen.js';
import { inColour, withoutColour } from '../../../../src/cli/watch/signs.js';
import type { ShownHit } from '../../../../src/display/profiles.js';
import { bareHit, doubtfulHit, shownHit, snapshotMessage } from '../../../support/shown-hits.js';

/** The screen as text, as a crew sees it. */

function screenOf(
  hits: readonly ShownHit[],
  options: Parameters<typeof snapshotMessage>[1] & {
    columns?: number;
    rows?: number;
    after?: (model: WatchModel) => void;
  } = {},
): string[] {
  const { columns = 80, rows = 24, after, ...equipment } = options;
  const model = new WatchModel();
  model.apply(snapshotMessage(hits, equipment), 0);
  after?.(model);
  return renderScreen(model, 1_000, { columns, rows }, withoutColour);
}

const AT = timeOf(Date.UTC(2026, 5, 1, 12, 30, 15));

describe('the screen', () => {
  it('has what waits, the chosen hit in full, and the keys', () => {
    const hits = [shownHit('stop', 1), shownHit('silent', 2, { vrm: 'CD34EFG', state: 'late' })];
    expect(screenOf(hits, { rows: 14 }).map((line) => line.trimEnd())).toEqual([
      'anprd | 1 waiting | 1 late | stationary',
      `>!! STOP   AB12CDE BLUE FORD FOCUS ${AT} 99 % cam-1`,
      ` ~  SILENT CD34EFG LATE BLUE FORD FOCUS ${AT} 99 % cam-1`,
      '-'.repeat(80),
      'AB12CDE BLUE FORD FOCUS',
      'Action: STOP. Markers: WEAPONS.',
      'Reason: seen at a burglary.',
      'Read as listed, 99 % sure.',
      `Seen ${AT} by cam-1 driving towards it`,
      '',
      '',
      '',
      '',
      'c confirm  r reject  n next  p back  t top  m mute  q quit',
    ]);
  });

  it('says what is doubtful of a hit', () => {
    const text = screenOf([doubtfulHit(1)], { columns: 100 }).join('\n');
    expect(text).toContain('DOES NOT STAND: the final read says another mark.');
    expect(text).toContain(
      'Read as AB12CDF, another mark, 62 % sure. Or: AB12CDG 12 %. Plate: partly-hidden.',
    );
    expect(text).toContain('List force 2 h old - OLDER THAN ALLOWED');
  });

  it('tells a moving driver how many wait, and nothing else', () => {
    const moving = [bareHit('stop', 1), bareHit('stop', 2), bareHit('information', 3)];
    const lines = screenOf(moving, { profile: 'driver-moving', rows: 7 });
    expect(lines.map((line) => line.trimEnd())).toEqual([
      'anprd | 3 waiting | driver-moving',
      '!! STOP   2',
      '.  INFO   1',
      'The vehicle moves, or is not known to stand: details are shown when it does.',
      '',
      '',
      'm mute  q quit',
    ]);
  });

  it('says what is wrong with the device, that it is muted, and that it stops', () => {
    const lines = screenOf([], {
      mutedMs: 120_000,
      warnings: [
        { severity: 'high', title: 'Camera gives no frames', subject: 'cam-1' },
        { severity: 'low', title: 'other', subject: '' },
      ],
      after: (model) => model.apply({ kind: 'stopping', reason: 'ignition-off' }, 500),
    });
    expect(lines.slice(0, 4).map((line) => line.trimEnd())).toEqual([
      'anprd | 0 waiting | muted 119 s | stationary',
      'THE DEVICE IS STOPPING: the ignition is off',
      '! Camera gives no frames [cam-1] and 1 more',
      'No hits.',
    ]);
  });

  it('shows no hit when the daemon is lost, and says so', () => {
    const lines = screenOf([shownHit('stop', 1)], {
      after: (model) => model.disconnect('connect ENOENT', 900),
    });
    expect(lines[0]).toContain('NO CONNECTION');
    expect(lines.join(' ')).toContain('hits may be missed');
    expect(lines.join(' ')).not.toContain('AB12CDE');
  });

  it('does as it is told by no list: sequences in a row are no sequences on the screen', () => {
    const reason = 'look\u001b[2J\u0007away\r\n\u202edrawkcab\u200b';
    const text = screenOf([shownHit('stop', 1, { reason, make: '\u009b31mFORD' })]).join('');
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text).toContain('look [2J away drawkcab');
  });

  it('always shows what asks most for attention, and the chosen one wherever it is', () => {
    const many = Array.from({ length: 60 }, (_, i) =>
      shownHit('stop', i, { vrm: `AB12C${String(i).padStart(2, '0')}` }),
    );
    const lines = screenOf(many, {
      after: (model) => {
        for (let i = 0; i < 40; i++) model.move(1, 0);
      },
    });
    // The newest is first: 40 further is number 19.
    expect(lines.filter((line) => line.startsWith('>'))).toEqual([expect.stringContaining('AB12C19')]);
    expect(lines[1]).toContain('AB12C59');
    expect(lines[2]).toContain('AB12C58');
  });
});

describe('a screen of any size', () => {
  const hits = [doubtfulHit(1), shownHit('silent', 2, { state: 'confirmed' }), shownHit('action', 3)];
  const sizes = [1, 2, 5, 10, 20, 31, 40, 79, 80, 200].flatMap((columns) =>
    [1, 2, 3, 6, 12, 24, 60].map((rows) => ({ columns, rows })),
  );

  it.each(['stationary', 'driver-moving'] as const)('is filled, and nowhere left (%s)', (profile) => {
    for (const size of sizes) {
      const lines = screenOf(hits, {
        ...size,
        profile,
        warnings: [{ severity: 'high', title: 'A title that is long', subject: '' }],
      });
      expect(lines, JSON.stringify(size)).toHaveLength(size.rows);
      expect(Math.max(...lines.map(({ length }) => length)), JSON.stringify(size)).toBeLessThanOrEqual(
        size.columns,
      );
    }
  });

  it('has the mark of the vehicle also where little fits', () => {
    const lines = screenOf(hits, { columns: 20, rows: 8 });
    expect(lines.map((line) => line.trimEnd())).toEqual([
      '2 waiting | statio..',
      '>!! AB12CDE DOES N..',
      ' !  AB12CDE BLUE F..',
      ' ~  AB12CDE CONFIR..',
      '-'.repeat(20),
      'AB12CDE BLUE FORD',
      '  FOCUS',
      'c r n p t m q',
    ]);
  });
});

describe('colours', () => {
  it('add to what words say, and take nothing from it', () => {
    const model = new WatchModel();
    model.apply(snapshotMessage([shownHit('stop', 1), shownHit('silent', 2)]), 0);
    const size = { columns: 60, rows: 20 };
    const coloured = renderScreen(model, 0, size, inColour).join('\n');
    expect(coloured).toContain('\u001b[1;97;41m>!! STOP  \u001b[0m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of.
    expect(coloured.replace(/\u001b\[[0-9;]*m/g, '')).toBe(
      renderScreen(model, 0, size, withoutColour).join('\n'),
    );
  });
});
