// Stations to test against: real daemons on the virtual bench, each with a folder of its own.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { existsSync, mkdtempSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A port that is free now. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Kinds of stations with a virtual board that stays in, by its chip. */
const CHIPS = { jig: "t", doubt: "t", met: "u", pilot: "7238" };

export class Station {
  constructor(program, kind) {
    Object.assign(this, { program, kind, chip: CHIPS[kind], said: "" });
    this.folder = mkdtempSync(join(tmpdir(), `flashjig-${kind}-`));
    mkdirSync(join(this.folder, "tmp"));
  }

  async start() {
    this.port ??= await freePort();
    this.base = `http://127.0.0.1:${this.port}`;
    if (this.chip && !this.board) await this.insert();
    // the made-up firmware of a demo lies in its temporary folder: there the test finds a good image
    const env = { ...process.env, TMPDIR: join(this.folder, "tmp") };
    this.child = spawn(this.program, this.arguments(), { env, stdio: ["ignore", "pipe", "pipe"] });
    const listen = data => { this.said += data; };
    this.child.stdout.on("data", listen);
    this.child.stderr.on("data", listen);
    this.ended = new Promise(resolve => this.child.on("exit", resolve));
    for (let tries = 0; tries < 300; tries += 1) {
      const answer = await fetch(`${this.base}/healthz`).catch(() => null);
      if (answer?.ok) return this;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    throw new Error(`the station did not start:\n${this.said}`);
  }

  arguments() {
    const data = join(this.folder, "data");
    if (this.kind === "demo") {
      return ["demo", "--slots", "2", "--speed", "6", "--listen", `127.0.0.1:${this.port}`, "--data-dir", data, "--fault", "stuck 0x40000"];
    }
    if (this.kind === "doubt") {
      // the list says another level of the relay than the plug's own settings
      for (const [folder, text] of [["recipes/default.toml", "[openbeken]\nconfigure = \"flash\"\npins = \"tuya\"\n"], ["devices/lsc-3202088.toml", "[match]\nmodule = \"WB2S\"\n[template.pins]\n6 = \"Rel_n;1\"\n"]]) {
        mkdirSync(join(data, folder, ".."), { recursive: true });
        writeFileSync(join(data, folder), text);
      }
    }
    if (this.kind === "pilot") {
      mkdirSync(join(data, "recipes"), { recursive: true });
      writeFileSync(join(data, "recipes", "default.toml"), "allow = [\"BK7238\"]\n");
    }
    if (this.chip) {
      const config = `[station]\nname = "jig"\ndata_dir = "${data}"\n[web]\nlisten = "127.0.0.1:${this.port}"\n[[slot]]\nname = "A"\nuart = "${join(this.folder, "tty")}"\n[slot.lines]\nkind = "socket"\npath = "${join(this.folder, "lines")}"\n`;
      writeFileSync(join(this.folder, "flashjig.toml"), config);
      return ["run", "--config", join(this.folder, "flashjig.toml")];
    }
    // two slots whose ports are not there: orders are taken, and each unit ends with what to do about that
    this.token = "a-token-of-the-browser-tests-0123456789";
    const token = join(this.folder, "token");
    writeFileSync(token, this.token, { mode: 0o600 });
    const slot = name => `[[slot]]\nname = "${name}"\nuart = "${join(this.folder, `tty${name}`)}"\n`;
    const config = `[station]\nname = "bench-1"\ndata_dir = "${data}"\n[web]\nlisten = "127.0.0.1:${this.port}"\ntoken_file = "${token}"\n${slot("A")}${slot("B")}`;
    writeFileSync(join(this.folder, "flashjig.toml"), config);
    return ["run", "--config", join(this.folder, "flashjig.toml")];
  }

  /** A virtual board with lines of its own, and firmware for it: it stays in the jig from unit to unit. */
  async insert() {
    const firmware = join(this.folder, "data", "firmware");
    mkdirSync(firmware, { recursive: true });
    const lines = join(this.folder, "lines");
    this.board = spawn(this.program, ["sim", "--chip", this.chip, "--speed", "20", "--link", join(this.folder, "tty"), "--control", lines, "--firmware", firmware], { stdio: "ignore" });
    for (let tries = 0; tries < 300 && !existsSync(lines); tries += 1) await new Promise(resolve => setTimeout(resolve, 100));
  }

  async stop() {
    this.child?.kill("SIGTERM");
    await this.ended;
  }

  /** A file of the temporary folder by the end of its name. */
  made(end) {
    const root = join(this.folder, "tmp");
    const name = readdirSync(root, { recursive: true }).find(name => name.endsWith(end));
    return name && join(root, name);
  }

  async end() {
    await this.stop();
    this.board?.kill("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
