/** Which dependency is down for all pods of a policy, and which is up again: told from one look after the other. */
import type { FailingDependency } from "../sidecars/sidecar-reports.ts";
import {
  type DeclaredDependencies,
  type DeclaredDependency,
  mayHaveLetGo,
  mayMakeUnready,
} from "./declared-dependencies.ts";

/** How a policy's pods stand. */
export interface FleetLook {
  /** Pods whose sidecar runs, and those of them whose sidecar says ready. */
  running: number;
  ready: number;
  /**
   * Unready pods that are to be asked, those that have been, and those of them that gave no answer to be used. Without
   * those of nodes that have gone silent: with two pods of three there they hid what the third says.
   */
  toAsk: number;
  asked: number;
  unknown: number;
  /** What makes the asked pods unready; those that do so nowhere are left out. */
  dependencies: readonly FailingDependency[];
  /** What the policy now says of each of its dependencies. */
  declared: DeclaredDependencies;
}

/** A dependency that has turned down, or up, for all pods. */
export interface DependencyTransition {
  to: "down" | "up";
  name: string;
  /** As it is down, or was. */
  dependency: FailingDependency;
}

interface Down {
  dependency: FailingDependency;
  /** As it was when that was told. */
  declared: DeclaredDependency;
}

/** Compares looks. */
export interface DependencyTransitions {
  /** What has changed since the last look. */
  look(look: FleetLook): DependencyTransition[];
}

/**
 * Whether every pod that answers says so, and half of them at least do. Silence proves nothing; but a few pods that
 * cannot be reached must not hide what all others say.
 */
function isDownForAll(
  { failingPods }: FailingDependency,
  { running, ready, toAsk, asked, unknown }: FleetLook,
): boolean {
  const known = asked - unknown;
  return (
    running > 0 && ready === 0 && asked === toAsk && failingPods === known && 2 * known >= asked
  );
}

/**
 * Has looked at nothing yet. What is down for all at the first look at which all pods have answered was told by
 * whoever looked before; only that it is up again is told then.
 */
export function createDependencyTransitions(): DependencyTransitions {
  const down = new Map<string, Down>();
  let isFirst = true;

  function turnedDown(look: FleetLook): DependencyTransition[] {
    return look.dependencies.flatMap((dependency) => {
      const { name } = dependency;
      const declared = look.declared.get(name);
      if (!mayMakeUnready(declared) || !isDownForAll(dependency, look)) return [];
      if (down.has(name)) return [];
      down.set(name, { dependency, declared });
      return [{ to: "down" as const, name, dependency }];
    });
  }

  /**
   * A pod that is ready has proven it; a pod that has just started says nothing of it yet, and proves nothing. Nor does
   * one that an edit has let go: who set the impact to Observe in the fault would read that the fault is over.
   */
  function turnedUp({ ready, dependencies, declared }: FleetLook): DependencyTransition[] {
    if (ready === 0) return [];
    const failing = new Set(dependencies.map(({ name }) => name));
    const up = [...down].filter(([name]) => !failing.has(name));
    return up.flatMap(([name, { dependency, declared: before }]) => {
      down.delete(name);
      return mayHaveLetGo(before, declared.get(name)) ? [] : [{ to: "up", name, dependency }];
    });
  }

  function forgetRemoved({ declared }: FleetLook): void {
    for (const name of [...down.keys()].filter((name) => !declared.has(name))) down.delete(name);
  }

  return {
    look: (look) => {
      if (isFirst && look.asked < look.toAsk) return [];
      forgetRemoved(look);
      const transitions = [...turnedDown(look), ...turnedUp(look)];
      const told = isFirst ? [] : transitions;
      isFirst = false;
      return told;
    },
  };
}
