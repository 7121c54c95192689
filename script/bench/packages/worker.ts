/**
 * One validation by the action as it ships. It runs inside this process, which can then tell how much memory it took at most.
 * The inputs stand in the environment, as GitHub's runner gives them.
 */
process.on("exit", () => {
  console.error(`peak_rss_kb=${process.resourceUsage().maxRSS}`);
});
await import(new URL("../../../dist/index.js", import.meta.url).href);
