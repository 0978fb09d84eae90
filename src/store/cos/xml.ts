import { SaxesParser } from "saxes";

/** More elements than any answer of COS has: a page of 1,000 rows has some 10,000. */
const ELEMENTS_MAX = 100_000;

/** Deeper than any answer of COS goes: its rows are at the fourth level, what they hold is at the sixth. */
const DEPTH_MAX = 32;

/** An element: its text and its children, in order. COS uses no attributes that matter. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/**
 * Reads a document.
 *
 * @throws SyntaxError when it is not well-formed, or has too many elements, or too deep ones.
 */
export function parseXml(source: string): XmlElement {
  const root: MutableElement = { name: "", text: "", children: [] };
  const open: MutableElement[] = [root];
  let elements = 0;
  const parser = new SaxesParser();
  parser.on("opentag", ({ name }) => {
    if (++elements > ELEMENTS_MAX) {
      throw new SyntaxError(`Cannot read XML: it has more than ${ELEMENTS_MAX} elements`);
    }
    if (open.length > DEPTH_MAX) {
      throw new SyntaxError(`Cannot read XML: it is deeper than ${DEPTH_MAX} elements`);
    }
    const element: MutableElement = { name, text: "", children: [] };
    open.at(-1)!.children.push(element);
    open.push(element);
  });
  parser.on("text", (text) => {
    open.at(-1)!.text += text;
  });
  parser.on("cdata", (text) => {
    open.at(-1)!.text += text;
  });
  parser.on("closetag", () => void open.pop());
  parser.on("error", (cause) => {
    throw new SyntaxError(`Cannot read XML: ${cause.message}`, { cause });
  });
  parser.write(source).close();
  const document = root.children[0];
  if (!document) throw new SyntaxError("Cannot read XML: the document is empty");
  return document;
}

interface MutableElement extends XmlElement {
  text: string;
  children: MutableElement[];
}

/** The children of that name. */
export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** The text of the first child of that name; undefined where there is none. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

/** Text as it stands between tags. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}
