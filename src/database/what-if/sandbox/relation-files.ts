// Files of the sandbox's relations. The planner asks the file's length each time, so a hole of the right length stands for
// the rows; of an index it also reads the first page, and goes down a B-tree to its ends.
import { open, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { SandboxServer } from './sandbox-server';

/** RELSEG_SIZE: a relation is cut into files of so many pages. */
const pagesPerFile = 131_072;
const pageHeaderBytes = 24;
/** PageHeaderData.pd_pagesize_version is the page size with the layout's version. */
const layoutVersion = 4;
/** Of a B-tree page, at its end: BTPageOpaqueData. */
const btreeSpecialBytes = 16;
const btreeMagic = 0x053162;
const btreeLeaf = 1;
const btreeRoot = 2;
/** MAXALIGN(sizeof(IndexTupleData)): an entry without a key. */
const emptyEntryBytes = 8;
/** INDEX_ALT_TID_MASK: an inner entry that says how many columns it has, none here. */
const altTidMask = 0x2000;
const ginSpecialBytes = 8;
const ginMetaFlag = 8;
const ginVersion = 2;
const ginMetaBytes = 56;
const noBlock = 0xffffffff;
const brinSpecialBytes = 8;
const brinMagic = 0xa8109cfa;
const brinMetaType = 0xf091;

export class RelationFiles {
  readonly #server: SandboxServer;
  readonly #pageBytes: number;

  constructor(server: SandboxServer, pageBytes: number) {
    this.#server = server;
    this.#pageBytes = pageBytes;
  }

  /** `file` as pg_relation_filepath says. What is added is a hole. */
  async setLength(file: string, bytes: number): Promise<void> {
    const fileBytes = pagesPerFile * this.#pageBytes;
    for (let segment = 0; ; segment++) {
      const name = segment === 0 ? file : `${file}.${segment}`;
      const left = Math.max(0, bytes - segment * fileBytes);
      const exists = await stat(this.#absolute(name)).then(
        () => true,
        () => false,
      );
      if (!exists && left === 0) return;
      if (!exists) await this.#server.createDataFile(name);
      await truncate(this.#absolute(name), Math.min(left, fileBytes));
    }
  }

  /**
   * Makes an empty B-tree look like one of so many pages and levels. Blocks 1 to height + 1 are a valid tree of one page a
   * level that ends in an empty leaf, so that the planner's own look at an index's ends finds nothing instead of an
   * invalid page.
   */
  async writeBtree(file: string, pages: number, height: number): Promise<void> {
    await this.setLength(file, Math.max(pages, height + 2) * this.#pageBytes);
    await this.#edit(file, async (read, write) => {
      const meta = await read(0);
      if (meta.readUInt32LE(pageHeaderBytes) !== btreeMagic) throw new Error(`${file} is no B-tree.`);
      // btm_root, btm_level, btm_fastroot, btm_fastlevel
      [1, height, 1, height].forEach((value, at) => meta.writeUInt32LE(value, pageHeaderBytes + 8 + 4 * at));
      await write(0, meta);
      for (let level = height; level >= 0; level--) {
        const block = 1 + height - level;
        await write(block, this.#makeBtreePage(level, level === height, block + 1));
      }
    });
  }

  #makeBtreePage(level: number, isRoot: boolean, child: number): Buffer {
    const special = this.#pageBytes - btreeSpecialBytes;
    const entry = special - emptyEntryBytes;
    const page = this.#makePage(level === 0 ? 0 : 4, level === 0 ? special : entry, special);
    if (level > 0) {
      // ItemIdData: offset, LP_NORMAL, length
      page.writeUInt32LE((entry | (1 << 15) | (emptyEntryBytes << 17)) >>> 0, pageHeaderBytes);
      page.writeUInt16LE(child >>> 16, entry);
      page.writeUInt16LE(child & 0xffff, entry + 2);
      page.writeUInt16LE(emptyEntryBytes | altTidMask, entry + 6);
    }
    page.writeUInt32LE(level, special + 8);
    page.writeUInt16LE((isRoot ? btreeRoot : 0) | (level === 0 ? btreeLeaf : 0), special + 12);
    return page;
  }

  /** A first page with the figures that gincostestimate reads; the rest is a hole. The file must be new to the server. */
  async writeGin(
    file: string,
    size: { pages: number; entryPages: number; dataPages: number; entries: number },
  ): Promise<void> {
    await this.setLength(file, size.pages * this.#pageBytes);
    const special = this.#pageBytes - ginSpecialBytes;
    const page = this.#makePage(ginMetaBytes, special, special);
    const at = pageHeaderBytes;
    // pending list: none
    page.writeUInt32LE(noBlock, at);
    page.writeUInt32LE(noBlock, at + 4);
    page.writeUInt32LE(size.pages, at + 24);
    page.writeUInt32LE(size.entryPages, at + 28);
    page.writeUInt32LE(size.dataPages, at + 32);
    page.writeBigInt64LE(BigInt(size.entries), at + 40);
    page.writeInt32LE(ginVersion, at + 48);
    page.writeUInt32LE(noBlock, special);
    page.writeUInt16LE(ginMetaFlag, special + 6);
    await this.#edit(file, (_, write) => write(0, page));
  }

  /** The same for brincostestimate. */
  async writeBrin(file: string, pages: number, mapPages: number, pagesPerRange: number): Promise<void> {
    await this.setLength(file, pages * this.#pageBytes);
    const special = this.#pageBytes - brinSpecialBytes;
    const page = this.#makePage(16, special, special);
    // magic, version, pages per range, last page of the map
    [brinMagic, 1, pagesPerRange, mapPages].forEach((value, at) => page.writeUInt32LE(value, pageHeaderBytes + 4 * at));
    page.writeUInt16LE(brinMetaType, special + 6);
    await this.#edit(file, (_, write) => write(0, page));
  }

  async createFile(file: string): Promise<void> {
    await this.#server.createDataFile(file);
  }

  #makePage(itemBytes: number, upper: number, special: number): Buffer {
    const page = Buffer.alloc(this.#pageBytes);
    page.writeUInt16LE(pageHeaderBytes + itemBytes, 12);
    page.writeUInt16LE(upper, 14);
    page.writeUInt16LE(special, 16);
    page.writeUInt16LE(this.#pageBytes | layoutVersion, 18);
    return page;
  }

  async #edit(
    file: string,
    work: (
      read: (block: number) => Promise<Buffer>,
      write: (block: number, page: Buffer) => Promise<void>,
    ) => Promise<void>,
  ): Promise<void> {
    const handle = await open(this.#absolute(file), 'r+');
    try {
      await work(
        async (block) => {
          const page = Buffer.alloc(this.#pageBytes);
          await handle.read(page, 0, page.length, block * this.#pageBytes);
          return page;
        },
        async (block, page) => {
          await handle.write(page, 0, page.length, block * this.#pageBytes);
        },
      );
    } finally {
      await handle.close();
    }
  }

  #absolute(file: string): string {
    return path.join(this.#server.dataFolder, file);
  }
}
