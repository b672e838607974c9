import type { Dictionary } from "./en.js";

const BAD_USERNAME = "用户名须为 3 到 64 个字母、数字或 . _ - @，并以字母或数字开头。";
const WEAK_PASSWORD = "请换一个密码：12 到 256 个字符，不易被猜到，且不能是用户名。";

/** Chinese texts of error codes, wrong fields and reject reasons. */
export const errorsInChinese: Pick<Dictionary, "errors" | "fields" | "reasons"> = {
  errors: {
    wrong_credentials: "用户名或密码不正确，请检查后重试。",
    bad_username: BAD_USERNAME,
    username_taken: "该用户名已被注册。请换一个，或直接登录。",
    wrong_password: "当前密码不正确。",
    registration_closed: "此处未开放注册。请向服务管理员申请账户。",
    invitation_invalid: "注册需要有效的邀请码，每个邀请码只能使用一次。请向服务管理员索取。",
    account_suspended: "该账户已停用，请联系服务管理员。",
    too_many_attempts: "密码错误次数过多，请等待后再试。",
    unauthenticated: "会话已结束，请重新登录。",
    quota_exceeded:
      "账户空间已满，或未完成的上传过多。请取消不再需要的上传，或申请更多空间。删除文件不会释放空间，因为其版本会保留。",
    precondition_failed: "该文件刚刚被他人更改。请刷新列表，确认后再操作。",
    conflict: "他人同时进行了更改，请重试。",
    path_in_use: "该路径下已有文件。",
    not_found: "该项已不存在，请刷新列表。",
    version_not_available: "此版本不可用：尚未验证，或已被拒绝。",
    upload_ended: "此上传在服务器上已结束。重试将重新开始上传。",
    too_many_requests: "请求过多。请稍候再试。",
    offline: "没有网络连接。请连接网络后重试。",
    unreachable: "服务器没有响应。请检查网络后重试。",
    bucket_refused: "存储服务拒绝了数据。请重试；如果问题仍然存在，请管理员检查存储桶的访问规则。",
    file_changed: "读取过程中文件被修改、移动或删除。请重新选择该文件。",
    damaged: "数据未通过验证，未保存任何文件。请重试。",
    aborted: "已取消。",
    invalid_request: "服务器拒绝了该请求。",
    unsaved: "文件无法写入。请检查磁盘空间后重试。",
    fallback: "发生了意外错误，请重试。",
    request: (id) => `如果问题仍然存在，请将此编号告知管理员：${id}`,
  },
  fields: { username: BAD_USERNAME, password: WEAK_PASSWORD, new_password: WEAK_PASSWORD },
  reasons: {
    size_mismatch: "服务器收到的数据与文件大小不符，请重试。",
    sha256_mismatch: "数据在传输中损坏，请重试。",
    sha1_mismatch: "数据在传输中损坏，请重试。",
    precondition_failed: "上传期间该文件被他人更改。",
    invalid_manifest: "服务器无法组装该文件，请重试。",
    pack_mismatch: "数据在传输中损坏，请重试。",
    pack_gone: "此上传所依赖的旧数据已不存在。重试时将发送整个文件。",
    bytes_lost: "数据在验证之前丢失，请重试。",
    processing_failed: "验证多次失败，请告知管理员。",
  },
};
