/** Sends webhooks as GitHub does: signed, once, in order; and otherwise where a test says so. */
import { createHmac, randomUUID } from "node:crypto";
import type { App } from "./github/state.ts";
import { accountOf, changed, type Happening, type World } from "./github/world.ts";
import { payload } from "./validate.ts";
import { api, nodeId, userView } from "./views/account.ts";
import { fullRepositoryView } from "./views/repository.ts";

export type Delivery = {
  readonly id: number;
  /** `X-GitHub-Delivery`; the same for every repetition. */
  readonly guid: string;
  readonly event: string;
  readonly action: string | null;
  readonly repository: number;
  readonly installation: number | null;
  readonly redelivery: boolean;
  readonly deliveredAt: string;
  /** The very bytes that were signed. */
  readonly body: string;
  /** 0: nobody answered. */
  readonly status: number;
  readonly answer: string;
};

export type Webhooks = {
  readonly deliveries: readonly Delivery[];
  /** The next `times` deliveries are sent twice, one right after the other. */
  readonly twice: (times?: number) => void;
  /** The next `times` deliveries are lost: listed as failed, never sent. */
  readonly lose: (times?: number) => void;
  /** From now on nothing is sent until `release`. */
  readonly withhold: () => void;
  /** What is withheld now, oldest first. */
  readonly withheld: () => readonly Delivery[];
  /** Sends what was withheld, in the order that `order` gives it (as it came by default), one after another unless paced. */
  readonly release: (
    order?: (held: readonly Delivery[]) => readonly Delivery[],
    pace?: Pace,
  ) => Promise<void>;
  /** Sends a delivery again, under its own guid, as an administrator would. */
  readonly redeliver: (delivery: Delivery) => Promise<Delivery>;
  readonly emit: (happening: Happening) => Promise<void>;
};

/** How many are on their way at most, and how many set out in a second. */
export type Pace = { readonly atOnce: number; readonly perSecond: number };

export const sign = (secret: string, body: string): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** GitHub gives an app ten seconds. */
const ANSWER_WITHIN_MS = 10_000;

const post = async (
  app: App,
  delivery: Delivery,
): Promise<{ readonly status: number; readonly answer: string }> => {
  if (app.webhookUrl === null) return { status: 0, answer: "the app has no webhook address" };
  try {
    const response = await fetch(app.webhookUrl, {
      method: "POST",
      body: delivery.body,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      headers: {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/double",
        "x-github-event": delivery.event,
        "x-github-delivery": delivery.guid,
        "x-github-hook-id": String(app.id),
        "x-github-hook-installation-target-id": String(app.id),
        "x-github-hook-installation-target-type": "integration",
        "x-hub-signature-256": sign(app.webhookSecret, delivery.body),
      },
    });
    return { status: response.status, answer: await response.text() };
  } catch (error) {
    return { status: 0, answer: error instanceof Error ? error.message : String(error) };
  }
};

const EVENTS = [
  "deployment_protection_rule",
  "merge_group",
  "pull_request_review",
  "pull_request",
  "issue_comment",
  "check_run",
  "workflow_run",
  "push",
];

const compose = (world: World, { webhook, repository, sender, body }: Happening): Delivery => {
  const event = EVENTS.find((name) => webhook.startsWith(name.replaceAll("_", "-"))) ?? webhook;
  const owner = accountOf(world, repository.owner);
  const installation = world.state.installations.find((one) => one.account === repository.owner);
  const organization = {
    login: owner.login,
    id: owner.id,
    node_id: nodeId("Organization", owner.id),
    url: api(world, `/orgs/${owner.login}`),
  };
  const { body: full, problems } = payload(webhook, {
    ...body,
    repository: {
      ...fullRepositoryView(world, repository),
      ...(event === "push" && pushed(repository.createdAt)),
    },
    sender: userView(world, sender),
    ...(installation && {
      installation: { id: installation.id, node_id: nodeId("Installation", installation.id) },
    }),
    ...(owner.type === "Organization" && { organization }),
  });
  world.problems.push(...problems);
  const action = body.action;
  return {
    id: world.nextId(),
    guid: randomUUID(),
    event,
    action: typeof action === "string" ? action : null,
    repository: repository.id,
    installation: installation?.id ?? null,
    redelivery: false,
    deliveredAt: world.now().toISOString(),
    body: JSON.stringify(full),
    status: 0,
    answer: "",
  };
};

/** In push events GitHub writes two dates of the repository as seconds. */
const pushed = (date: string): Readonly<Record<string, number>> => {
  const seconds = Math.floor(Date.parse(date) / 1000);
  return { created_at: seconds, pushed_at: seconds };
};

const paced = async (
  ordered: readonly Delivery[],
  { atOnce, perSecond }: Pace,
  send: (delivery: Delivery) => Promise<unknown>,
): Promise<void> => {
  const began = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < ordered.length; at = next++) {
      const early = began + (at * 1000) / perSecond - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      const delivery = ordered[at];
      if (delivery) await send(delivery);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};

export const makeWebhooks = (world: World): Webhooks => {
  const deliveries: Delivery[] = [];
  const faults = { twice: 0, lose: 0, held: null as Delivery[] | null };
  const send = async (delivery: Delivery): Promise<Delivery> => {
    const [app] = world.state.apps;
    if (!app) throw new Error("the double has no app to send webhooks to");
    // What was withheld is delivered now, whenever it happened.
    const deliveredAt = world.now().toISOString();
    const sent = { ...delivery, deliveredAt, ...(await post(app, delivery)) };
    deliveries.push(sent);
    changed(world);
    return sent;
  };
  const emit = async (happening: Happening): Promise<void> => {
    const delivery = compose(world, happening);
    const [app] = world.state.apps;
    changed(world);
    if (!app?.events.includes(delivery.event) || delivery.installation === null) return;
    if (faults.held) {
      faults.held.push(delivery);
    } else if (faults.lose > 0) {
      faults.lose -= 1;
      deliveries.push({ ...delivery, answer: "lost on purpose" });
    } else {
      await send(delivery);
      if (faults.twice > 0) {
        faults.twice -= 1;
        await send(delivery);
      }
    }
  };
  return {
    deliveries,
    emit,
    twice: (times = 1) => {
      faults.twice += times;
    },
    lose: (times = 1) => {
      faults.lose += times;
    },
    withhold: () => {
      faults.held ??= [];
    },
    withheld: () => faults.held ?? [],
    release: async (order = (held) => held, pace) => {
      const held = faults.held ?? [];
      faults.held = null;
      // An attempt has its number from when it is made.
      const ordered = order(held).map((delivery) => ({ ...delivery, id: world.nextId() }));
      if (pace === undefined) for (const delivery of ordered) await send(delivery);
      else await paced(ordered, pace, send);
    },
    redeliver: (delivery) =>
      send({ ...delivery, id: world.nextId(), redelivery: true, deliveredAt: world.now().toISOString() }),
  };
};
