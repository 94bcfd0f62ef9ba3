#!/bin/sh
# lay-application.sh COMPILED FOLDER: the compiled packages, each with its manifest and what it depends on. Run where pnpm
# has installed the dependencies.
set -eu
compiled=$1
root=$2

mkdir -p "$root"
cp -a node_modules LICENSE "$root"
for package in apps/* packages/*; do
  # only those that the command needs have been given their dependencies
  [ -d "$package/node_modules" ] || continue
  mkdir -p "$root/$package"
  cp -a "$package/package.json" "$package/node_modules" "$compiled/$package/dist" "$root/$package"
done

cd "$root"
# What was installed for people and compilers, and what pnpm notes for itself.
find . -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -delete
find . -type f \( -iname '*.md' -o -iname '*.markdown' \) ! -iname '*licen[cs]e*' ! -iname '*notice*' -delete
find node_modules/.pnpm -type d -name .bin -prune -exec rm -rf {} +
find node_modules/.pnpm -mindepth 4 -maxdepth 5 -type d \( -name test -o -name tests -o -name __tests__ \) -prune -exec rm -rf {} +
rm -rf node_modules/.bin apps/*/node_modules/.bin packages/*/node_modules/.bin
find node_modules -maxdepth 1 -name '.*' -type f -delete
rm -f node_modules/.pnpm/lock.yaml
# links to packages of the workspace that are not here
find node_modules -xtype l -delete
