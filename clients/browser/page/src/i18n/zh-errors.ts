import type { Dictionary } from "./en.js";

/** The Chinese of `en-errors.ts`. */
export const errorsInChinese: Pick<Dictionary, "errors" | "reasons"> = {
  errors: {
    wrong_credentials: "用户名或密码不正确，请检查后重试。",
    username_taken: "该用户名已被注册。请换一个，或直接登录。",
    unauthenticated: "会话已结束，请重新登录。",
    quota_exceeded:
      "账户空间已满。请取消不再需要的上传，或申请更多空间。删除文件不会释放空间，因为其版本会保留。",
    precondition_failed: "在此期间有人更改了该文件。请刷新列表后再决定。",
    conflict: "有人在同一时刻更改了同一内容，请重试。",
    path_in_use: "该路径上已有另一个文件。",
    not_found: "它已不存在，请刷新列表。",
    version_not_available: "此版本不可用：尚未验证，或已被拒绝。",
    upload_ended: "服务器已不再保留此上传。重试将重新开始。",
    too_many_requests: "请求过多。请稍候再试。",
    offline: "没有网络。请连接网络后重试。",
    unreachable: "服务器没有应答。请检查网络后重试。",
    bucket_refused: "存储拒绝了数据。请重试；若仍然如此，请管理员检查存储桶的访问规则。",
    file_changed: "读取过程中文件被修改、移动或删除。请重新选择该文件。",
    damaged: "收到的数据不正确，没有保存任何内容。请重试。",
    aborted: "已取消。",
    invalid_request: "服务器拒绝了该请求。",
    unsaved: "文件无法写入。请检查磁盘空间后重试。",
    fallback: "发生了意外错误，请重试。",
    request: (id) => `若问题持续，请把此编号告诉管理员：${id}`,
  },
  reasons: {
    size_mismatch: "到达的数据比文件长或短，请重试。",
    sha256_mismatch: "到达的数据与此处读取的不一致，请重试。",
    sha1_mismatch: "到达的数据与此处读取的不一致，请重试。",
    precondition_failed: "上传期间有人更改了该文件。",
    invalid_manifest: "服务器无法拼合该文件，请重试。",
    pack_mismatch: "到达的数据与此处读取的不一致，请重试。",
    pack_gone: "此上传所依赖的旧数据已不存在。重试时将发送整个文件。",
    bytes_lost: "数据在验证之前丢失，请重试。",
    processing_failed: "验证多次失败，请告知管理员。",
  },
};
