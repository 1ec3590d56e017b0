// Files of the sandbox's relations. The planner asks the file's length each time, so a hole of the right length stands for
// the rows; of an index it also reads the first page, and goes down a B-tree to its ends.
import { open, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { ColumnEnds } from './captured-database';
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

/** IndexTupleData, and INDEX_NULL_MASK in it. */
const indexTupleHeaderBytes = 8;
const indexNullMask = 0x8000;

/** The lowest and highest value of an index's first column. */
export interface IndexEnds extends ColumnEnds {
  isDescending: boolean;
  columnCount: number;
}

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
   * invalid page. With `ends` the leaf holds the lowest and the highest entry, which is what that look finds.
   */
  async writeBtree(file: string, pages: number, height: number, ends: IndexEnds | null = null): Promise<void> {
    await this.setLength(file, Math.max(pages, height + 2) * this.#pageBytes);
    await this.#edit(file, async (read, write) => {
      const meta = await read(0);
      if (meta.readUInt32LE(pageHeaderBytes) !== btreeMagic) throw new Error(`${file} is no B-tree.`);
      // btm_root, btm_level, btm_fastroot, btm_fastlevel
      [1, height, 1, height].forEach((value, at) => meta.writeUInt32LE(value, pageHeaderBytes + 8 + 4 * at));
      await write(0, meta);
      for (let level = height; level >= 0; level--) {
        const block = 1 + height - level;
        const page = this.#makeBtreePage(level, level === height, block + 1);
        if (level === 0 && ends !== null) this.#addEnds(page, ends);
        await write(block, page);
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

  #addEnds(page: Buffer, { lowest, highest, widthBytes, isDescending, columnCount }: IndexEnds): void {
    // other columns are NULL, which takes a bitmap between header and value
    const dataOffset = columnCount === 1 ? indexTupleHeaderBytes : 2 * indexTupleHeaderBytes;
    const size = dataOffset + 8;
    const values = isDescending ? [highest, lowest] : [lowest, highest];
    let upper = page.length - btreeSpecialBytes;
    for (const [position, value] of values.entries()) {
      upper -= size;
      // a row of the first page
      page.writeUInt16LE(1, upper + 4);
      page.writeUInt16LE(size | (columnCount === 1 ? 0 : indexNullMask), upper + 6);
      if (columnCount > 1) page.writeUInt8(1, upper + indexTupleHeaderBytes);
      if (widthBytes === 8) page.writeBigInt64LE(value, upper + dataOffset);
      else page.writeIntLE(Number(value), upper + dataOffset, widthBytes);
      page.writeUInt32LE((upper | (1 << 15) | (size << 17)) >>> 0, pageHeaderBytes + 4 * position);
    }
    page.writeUInt16LE(pageHeaderBytes + 4 * values.length, 12);
    page.writeUInt16LE(upper, 14);
  }

  /** In the visibility map: what an index says of rows there is believed without a look at them. */
  async markFirstPageVisible(heapFile: string): Promise<void> {
    const file = `${heapFile}_vm`;
    await this.#server.createDataFile(file);
    await this.setLength(file, this.#pageBytes);
    const page = this.#makePage(0, this.#pageBytes, this.#pageBytes);
    page.writeUInt8(1, pageHeaderBytes);
    await this.#edit(file, (_, write) => write(0, page));
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

  async copyFirstPage(from: string, to: string): Promise<void> {
    await this.#server.createDataFile(to);
    const page = await open(this.#absolute(from), 'r');
    try {
      const bytes = Buffer.alloc(this.#pageBytes);
      const { bytesRead } = await page.read(bytes, 0, bytes.length, 0);
      if (bytesRead === bytes.length) await this.#edit(to, (_, write) => write(0, bytes));
    } finally {
      await page.close();
    }
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
