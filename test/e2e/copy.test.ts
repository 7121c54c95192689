/** A clone made by `/refresh`, with real WordPress behind PHP-FPM on both sides: no mail leaves it, and no job begins by itself. */
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { mariadb } from "../lab/servers/mariadb.ts";
import { OWNER, type Site, setOption, wp, writeCode } from "../lab/wordpress.ts";
import { command } from "../stage/commands.ts";
import { openEnvironmentPullRequest, type Stage, startStage } from "../stage/stage.ts";

let stage: Stage;
let live: Site;
let copy: Site;
let outbox: string;

/** A plugin that cannot be left out: what it hooks runs in every request. */
const PLUGIN = `<?php
add_action('lab_job', function () { update_option('lab_job_ran', 'yes'); });
add_action('phpmailer_init', function ($mailer) {
    $mailer->isSendmail();
    $mailer->Sendmail = OUTBOX;
});
`;
const PROBE = `<?php
require __DIR__ . '/wp-load.php';
function by_itself() {
    require_once ABSPATH . WPINC . '/PHPMailer/PHPMailer.php';
    require_once ABSPATH . WPINC . '/PHPMailer/Exception.php';
    $mailer = new PHPMailer\\PHPMailer\\PHPMailer(true);
    $mailer->setFrom('shop@lab.example');
    $mailer->addAddress('customer@lab.example');
    $mailer->Body = 'past wp_mail';
    do_action_ref_array('phpmailer_init', [&$mailer]);
    try { return $mailer->send(); } catch (Exception $error) { return $error->getMessage(); }
}
header('Content-Type: application/json');
echo json_encode([
    'mail' => wp_mail('customer@lab.example', 'Your order', 'Thank you', ['From: shop@lab.example']),
    'mailer' => by_itself(),
    'spawns' => !(defined('DISABLE_WP_CRON') && DISABLE_WP_CRON),
    'runner' => apply_filters('action_scheduler_allow_async_request_runner', true),
    'batches' => apply_filters('action_scheduler_queue_runner_concurrent_batches', 1),
]);
`;
const Probed = z.object({
  mail: z.boolean(),
  mailer: z.union([z.boolean(), z.string()]),
  spawns: z.boolean(),
  runner: z.boolean(),
  batches: z.number(),
});

beforeAll(async () => {
  stage = await startStage();
  [live, copy] = [stage.lab.production, stage.lab.staging];
  outbox = path.join(stage.lab.folder, "outbox");
  await mkdir(outbox);
  await execa("chown", [`${OWNER}:${OWNER}`, outbox]);
  for (const site of [live, copy]) {
    const program = mailProgram(site);
    await writeFile(program, `#!/bin/sh\ncat > "$(mktemp "${outbox}/${site.name}.XXXXXX")"\n`);
    await chmod(program, 0o755);
    // Nothing but the hold shall keep the copy quiet.
    const config = path.join(site.root, "shared/wp-config.php");
    const text = await readFile(config, "utf8");
    await writeFile(config, text.replace(/define\( 'DISABLE_WP_CRON', true \);\n/, ""));
  }
  await setOption(live, "woocommerce_stripe_settings", { testmode: "no", secret_key: "sk_live_1" });
  await setOption(live, "lab_licence", "in the clear");
  const told = await command(
    { double: stage.double, pull: await openEnvironmentPullRequest(stage), login: "dev" },
    "/refresh",
  );
  expect(told.ending, told.comment.body).toBe("done");
  for (const site of [live, copy]) {
    const plugin = PLUGIN.replace("OUTBOX", `'${mailProgram(site)}'`);
    await writeCode(site, "wp-content/mu-plugins/lab-jobs.php", plugin);
    await writeCode(site, "probe.php", PROBE);
  }
});
afterAll(async () => {
  await stage?.stop();
  expect(stage?.double.problems).toEqual([]);
});

const mailProgram = (site: Site) => path.join(stage.lab.folder, `send-${site.name}`);
const mailsOf = async (site: Site) =>
  (await readdir(outbox)).filter((name) => name.startsWith(`${site.name}.`)).length;
const ask = async (site: Site) => Probed.parse(await (await fetch(`${site.url}/probe.php`)).json());
const ran = (site: Site) => wp(site, "return get_option('lab_job_ran');");
const schedule = (site: Site) =>
  wp(
    site,
    "delete_option('lab_job_ran'); return wp_schedule_single_event(time() - 60, 'lab_job', [wp_rand()]);",
  );

async function startJobs(): Promise<unknown> {
  await wp(copy, "delete_transient('doing_cron');");
  await (await fetch(`${copy.url}/wp-cron.php?doing_wp_cron`)).text();
  await sleep(1_000);
  return ran(copy);
}

async function runsWithin(site: Site, seconds: number): Promise<boolean> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(200))
    if ((await ran(site)) === "yes") return true;
  return false;
}

test("production sends its mail; the same call on the copy says no, and no mailer is started", async () => {
  expect(await ask(live)).toMatchObject({ mail: true, mailer: true, spawns: true, runner: true, batches: 1 });
  expect(await mailsOf(live)).toBe(2);
  const quiet = await ask(copy);
  expect(quiet).toMatchObject({ mail: false, spawns: false, runner: false, batches: 0 });
  expect(quiet.mailer).toMatch(/recipient/);
  expect(await mailsOf(copy)).toBe(0);
});

test("a due event runs on production when somebody looks at a page; on the copy it waits, also when wp-cron.php is called", async () => {
  for (const site of [copy, live]) {
    expect(await schedule(site)).toBe(true);
    await (await fetch(`${site.url}/`)).text();
  }
  expect(await runsWithin(live, 60)).toBe(true);
  await (await fetch(`${copy.url}/wp-cron.php?doing_wp_cron`)).text();
  expect(await ran(copy)).toBe(false);
});

test("credentials were never copied; what else was set was", async () => {
  expect(await wp(copy, "return get_option('woocommerce_stripe_settings');")).toBe(false);
  expect(await wp(copy, "return get_option('lab_licence');")).toBe("in the clear");
  expect(await wp(copy, "return get_option('blog_public');")).toBe("0");
});

test("the copy's own wp-config.php can allow both; production's hold has no such mark", async () => {
  const config = path.join(copy.root, "shared/wp-config.php");
  const text = await readFile(config, "utf8");
  const allowed = "<?php\ndefine( 'BELAY_COPY_MAIL', true );\ndefine( 'BELAY_COPY_JOBS', true );\n";
  await writeFile(config, text.replace(/^<\?php\n/, allowed));
  await execa("touch", ["-d", "-1 hour", config]);
  await expect
    .poll(() => ask(copy), { timeout: 60_000 })
    .toMatchObject({ mail: true, spawns: true, runner: true, batches: 1 });
  expect(await mailsOf(copy)).toBeGreaterThan(0);
  // Rounds of jobs are a minute apart, and a worker that still had the old file may have begun one: its lock goes, until one is done.
  await expect.poll(startJobs, { timeout: 60_000, interval: 3_000 }).toBe("yes");
  await expect(readFile(path.join(live.root, ".belay/hold/copy"))).rejects.toThrow("ENOENT");
  expect(await mariadb(stage.lab.database.socket, "SHOW TABLES LIKE 'belay%old%'", copy.database)).toBe("");
});
