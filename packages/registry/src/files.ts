/** What writes to a project's folder without ever leaving half of anything there. */
export {
  namesIn,
  readIfPresent,
  removeLeftovers,
  writeFileAtomic,
  writeFileOnce,
  writeFolderAtomic,
  writing,
} from './atomic-file.ts'
export { jsonText, memberOf, parseJson, throughJson } from './json-text.ts'
export { projectPath, type ProjectPath } from './project-path.ts'
