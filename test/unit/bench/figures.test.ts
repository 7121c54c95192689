import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Figures, judge } from "../../../script/bench/drift/goals.ts";
import { readOptions } from "../../../script/bench/drift/options.ts";
import { median, takeTurns } from "../../../script/bench/frame/rounds.ts";

describe("contenders take turns", () => {
  it("each runs once a round, and every round begins with another one", async () => {
    const order: string[] = [];
    const contender = (name: string, seconds: number) => async () => {
      order.push(name);
      return seconds;
    };
    const seconds = await takeTurns({ a: contender("a", 1), b: contender("b", 2), c: contender("c", 3) }, 3);
    expect(order.join("")).toBe("abcbcacab");
    expect(seconds).toEqual({ a: [1, 1, 1], b: [2, 2, 2], c: [3, 3, 3] });
  });
});

describe("the median", () => {
  it("has as many values below it as above it", () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(values, (list) => {
        const middle = median(list);
        const below = list.filter((value) => value < middle).length;
        const above = list.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(list.length / 2);
      }),
    );
  });

  it("of nothing does not exist", () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe("goals", () => {
  const good: Figures = {
    db_vs_pt: 1,
    files_first_mb_s: 2000,
    files_repeat_s: 0.3,
    files_stat_s: 0.1,
    files_cold_vs_disk: 0.8,
    localise_s: 0.5,
    writers_blocked_ms: 50,
    bytes_per_hashed_row: 40,
    chunk_kb_per_million_rows: 64,
    peak_rss_mb: [80, 100, 100],
  };
  const failed = (figures: Figures) =>
    Object.entries(judge(figures)).flatMap(([name, { held }]) => (held === false ? [name] : []));

  it("hold exactly at their limits", () => {
    expect(Object.values(judge(good)).map((goal) => goal.held)).not.toContain(false);
    expect(Object.values(judge(good)).map((goal) => goal.held)).not.toContain(null);
  });

  it.each<[Partial<Figures>, string]>([
    [{ db_vs_pt: 1.001 }, "db_vs_pt"],
    [{ files_first_mb_s: 1999 }, "files_first_mb_s"],
    [{ files_repeat_s: 0.301 }, "files_repeat_vs_stat"],
    [{ files_cold_vs_disk: 0.799 }, "files_cold_vs_disk"],
    [{ localise_s: 0.51 }, "localise_s"],
    [{ writers_blocked_ms: 50.1 }, "writers_blocked_ms"],
    [{ bytes_per_hashed_row: 40.1 }, "bytes_per_hashed_row"],
    [{ chunk_kb_per_million_rows: 64.1 }, "chunk_kb_per_million_rows"],
    [{ peak_rss_mb: [80, 90, 101] }, "memory_growth"],
  ])("%j misses %s", (change, name) => {
    expect(failed({ ...good, ...change })).toEqual([name]);
  });

  it("are undecided where nothing could be measured", () => {
    expect(judge({ ...good, files_cold_vs_disk: null, peak_rss_mb: [80] })).toMatchObject({
      files_cold_vs_disk: { held: null },
      memory_growth: { held: null },
    });
  });
});

describe("options of the drift benchmark", () => {
  it("always have size 1 among the sizes, which ascend", () => {
    expect(readOptions(["--sizes", "3,0.1"], {}).sizes).toEqual([0.1, 1, 3]);
    expect(readOptions(["--sizes", "1,1"], {}).sizes).toEqual([1]);
  });

  it("keep data outside the repository", () => {
    expect(readOptions([], { XDG_CACHE_HOME: "/var/cache" }).cache).toBe("/var/cache/belay-bench");
    expect(readOptions([], { XDG_CACHE_HOME: "" }).cache).toMatch(/\/\.cache\/belay-bench$/);
    expect(readOptions(["--cache", "/data"], {}).cache).toBe("/data");
  });

  it.each([["--rounds", "0"], ["--workers", "many"], ["--sizes", "1,"], ["--sizes", "11"], ["--quick"]])(
    "refuse %s %s",
    (...args) => {
      expect(() => readOptions(args, {})).toThrow();
    },
  );
});
