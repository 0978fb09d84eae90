import { type Keys, optional } from "./key.ts";
import { choice, port, text } from "./values.ts";

/** `[TLS]`. */
export const TLS_KEYS = {
  tls_cert_file: optional(text("a file"), {
    en:
      "Certificate of this server with its chain behind it, PEM. A file that changes is read again. " +
      "TLS is offered when there is one.",
    zh: "服务器证书文件（PEM 格式，包含证书链）。文件更新后自动重新读取。配置证书后即提供 TLS。",
    example: "/etc/cosftp/fullchain.pem",
  }),
  tls_key_file: optional(text("a file"), {
    en: "Private key of the certificate, PEM, without a passphrase.",
    zh: "证书的私钥文件（PEM 格式，不加密）。",
    example: "/etc/cosftp/privkey.pem",
    namesSecrets: true,
  }),
  tls_required: optional(choice(["no", "control", "all"]), {
    en: "What must be under TLS: nothing, the control connection before a login, " +
      "or all data connections too.",
    zh: "必须使用 TLS 的连接：no 不强制，control 控制连接（登录之前），all 包括数据连接。",
    default: "no",
  }),
  implicit_tls_port: optional(port(0), {
    en: "Port for clients that begin with TLS (ftps://), besides listen_port.",
    zh: "隐式 TLS（ftps://）的监听端口，与 listen_port 同时提供。",
    example: "990",
  }),
  tls_truncation: optional(choice(["reject", "accept"]), {
    en: "What an upload is whose TLS connection ends without close_notify: reject refuses it, " +
      "because bytes may be missing; accept stores it, for clients that never send close_notify.",
    zh:
      "上传的 TLS 数据连接未发送 close_notify 就结束时的处理：reject 拒绝（数据可能不完整），accept 接受。",
    default: "reject",
  }),
} satisfies Keys;
