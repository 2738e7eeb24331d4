import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { plantedLint } from "./planted.ts";

/** Planted breaches of the lint rules that went unreported. */
export function checkPlantedLint(): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "usher-planted-"));
  try {
    plant(folder);
    const { stdout, stderr } = spawnSync("oxlint", ["--format=unix"], { cwd: folder, encoding: "utf8" });
    const lines = `${stdout}${stderr}`.split("\n");
    return plantedLint
      .filter(({ rule, file }) => !lines.some((line) => line.includes(file) && line.includes(rule)))
      .map(({ rule, file }) => `the planted breach of ${rule} in ${file} went unreported`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function plant(folder: string): void {
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  for (const file of [".oxlintrc.json", "tsconfig.json"]) copyFileSync(file, join(folder, file));
  for (const { file, text } of plantedLint) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}
