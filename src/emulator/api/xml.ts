import { SaxesParser } from "saxes";

/** What may stand in an XML element: text, more elements, or nothing. */
export type XmlContent = string | number | boolean | undefined | XmlTree | readonly XmlTree[];
/** Child elements by name, in order; an array stands for an element that is repeated, undefined for one left out. */
export interface XmlTree {
  readonly [name: string]: XmlContent;
}

/** An XML document with the element `root`. */
export function writeXml(root: string, content: XmlTree): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, content)}\n`;
}

function element(name: string, content: XmlContent): string {
  if (content === undefined) return "";
  if (Array.isArray(content)) return content.map((item) => element(name, item)).join("");
  const inner = typeof content === "object"
    ? Object.entries(content).map(([child, value]) => element(child, value)).join("")
    : escapeXml(String(content));
  return `<${name}>${inner}</${name}>`;
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeXml(text: string): string {
  return text.replace(SPECIAL, (c) => ESCAPES[c] ?? `&#x${c.charCodeAt(0).toString(16)};`);
}

// deno-lint-ignore no-control-regex -- COS too writes control characters of a key as references
const SPECIAL = /[&<>"\x00-\x1f]/g;

/** An element of a document that was read. */
export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  /** The text directly inside. */
  text: string;
}

/** @returns the root element. @throws Error when `text` is not well-formed XML. */
export function readXml(text: string): XmlElement {
  const document: XmlElement = { name: "", children: [], text: "" };
  const open = [document];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name }) => {
    const child: XmlElement = { name, children: [], text: "" };
    open.at(-1)!.children.push(child);
    open.push(child);
  });
  parser.on("text", (text) => {
    open.at(-1)!.text += text;
  });
  parser.on("cdata", (text) => {
    open.at(-1)!.text += text;
  });
  parser.on("closetag", () => {
    open.pop();
  });
  parser.write(text).close();
  return document.children[0]!;
}

/** The text of the child called `name`, undefined when there is none. */
export function childText(parent: XmlElement, name: string): string | undefined {
  return parent.children.find((child) => child.name === name)?.text;
}
