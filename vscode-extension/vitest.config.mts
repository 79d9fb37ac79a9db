import { defineConfig } from "vitest/config";

// The journals' documents have local times: they were folded in UTC.
process.env.TZ = "UTC";

export default defineConfig({ test: { include: ["test/**/*.test.ts"], benchmark: { include: ["test/**/*.bench.ts"] } } });
