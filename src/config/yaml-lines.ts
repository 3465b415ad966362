/** The way back from a value to the line it stands on; the file is read again for it, because a site without problems never asks. */
import { isMap, isScalar, isSeq, LineCounter, type Document, type Node } from "yaml";
import type { LineIndex, Path } from "./problem.ts";
import { compose, tokensOf } from "./yaml-options.ts";

export interface YamlLines extends LineIndex {
  /** A plain scalar as it is written (`0x1F`, `1.10`), which its value no longer tells; undefined for all else. */
  writtenAt(path: Path): string | undefined;
}

interface Composed {
  readonly document: Document.Parsed;
  readonly counter: LineCounter;
}

interface Place {
  readonly offset: number;
  /** Absent where the path leads further than the file. */
  readonly node: Node | null | undefined;
}

/** @param text YAML that was composed before without errors */
export function yamlLines(text: string): YamlLines {
  let composed: Composed | undefined;
  const find = (path: Path): Place & Composed => {
    composed ??= composeWithLines(text);
    return { ...locate(composed.document, path), ...composed };
  };
  return Object.freeze({
    lineOf(path: Path): number {
      const { offset, counter } = find(path);
      return counter.linePos(offset).line;
    },
    writtenAt(path: Path): string | undefined {
      const { node } = find(path);
      return isScalar(node) && node.type === "PLAIN" ? node.source : undefined;
    },
  });
}

function composeWithLines(text: string): Composed {
  const counter = new LineCounter();
  const [document] = compose(tokensOf(text, counter), text.length);
  return { document, counter };
}

/** A key of a map is where its value begins for a person: the line of the key. */
function locate({ contents }: Document.Parsed, path: Path): Place {
  let offset = contents?.range[0] ?? 0;
  let node: Node | null | undefined = contents;
  for (const part of path) {
    const next: Place | undefined = typeof part === "number" ? itemAt(node, part) : valueAt(node, part);
    if (next === undefined) return { offset, node: undefined };
    ({ offset, node } = next);
  }
  return { offset, node };
}

function itemAt(node: Node | null | undefined, index: number): Place | undefined {
  const item = isSeq<Node | null>(node) ? node.items[index] : undefined;
  return item?.range ? { offset: item.range[0], node: item } : undefined;
}

function valueAt(node: Node | null | undefined, key: string): Place | undefined {
  const pair = isMap<Node, Node | null>(node) ? node.items.find(({ key: name }) => isScalar(name) && name.value === key) : undefined;
  return pair?.key.range ? { offset: pair.key.range[0], node: pair.value } : undefined;
}
