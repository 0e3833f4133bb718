import { defineConfig } from 'vitest/config';

// Tests share two cores with real brokers and child processes: one file at a time keeps
// what they measure about order and loss free of each other, and 60 s covers a slow machine.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
