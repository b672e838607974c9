export {
  account,
  changePassword,
  endOtherSessions,
  endSession,
  listSessions,
  logIn,
  logOut,
  register,
} from "./accounts.js";
export { type Connection, connect } from "./connection.js";
export { contentUrl, download } from "./download/download.js";
export { SluiceError } from "./errors.js";
export { deleteFile, editFile, file, listFiles, listVersions, restoreVersion } from "./files.js";
export type {
  Account,
  AccountCreated,
  ConditionOptions,
  ConnectOptions,
  DownloadOptions,
  DownloadProgress,
  FileChange,
  FileQuery,
  Page,
  PageOptions,
  RegisterOptions,
  RejectReason,
  Session,
  SessionInfo,
  UnfinishedOptions,
  UnfinishedUpload,
  Upload,
  UploadOptions,
  UploadPhase,
  UploadProgress,
  UploadResult,
  Version,
  WriteOptions,
} from "./types.js";
export { abandon, unfinished } from "./upload/unfinished.js";
export { upload } from "./upload/upload.js";
