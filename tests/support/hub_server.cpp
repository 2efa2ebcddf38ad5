#include "tests/support/hub_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <QCryptographicHash>
#include <algorithm>
#include <cctype>
#include <csignal>
#include <random>

namespace attnviz::test {
namespace {

constexpr std::size_t kBlockBytes = 16 << 10, kRequestLimit = 64 << 10;
constexpr int kPollMs = 20;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string hexOf(const QByteArray& hash) {
    return hash.toHex().toStdString();
}

int listenOn(int& port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener, 64);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    return listener;
}

bool readable(int descriptor, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        pollfd entry{descriptor, POLLIN, 0};
        if (::poll(&entry, 1, kPollMs) > 0) return true;
    }
    return false;
}

HubReply refusal(int status, const std::string& code) {
    HubReply reply;
    reply.status = status;
    reply.set("X-Error-Code", code);
    reply.body = "no";
    return reply;
}

}  // namespace

struct HubServer::TlsContext {
    SSL_CTX* handle = SSL_CTX_new(TLS_server_method());
    explicit TlsContext(const HubCertificate& files) {
        SSL_CTX_use_certificate_file(handle, files.certificate.c_str(), SSL_FILETYPE_PEM);
        SSL_CTX_use_PrivateKey_file(handle, files.key.c_str(), SSL_FILETYPE_PEM);
        std::signal(SIGPIPE, SIG_IGN);  // a client that refuses the certificate hangs up
    }
    ~TlsContext() { SSL_CTX_free(handle); }
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;
};

// A connection, with TLS or without.
struct HubServer::Wire {
    int descriptor;
    SSL* tls = nullptr;

    Wire(int connection, const TlsContext* context) : descriptor(connection) {
        if (!context) return;
        tls = SSL_new(context->handle);
        SSL_set_fd(tls, descriptor);
    }
    ~Wire() { SSL_free(tls); }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    bool greets() { return !tls || SSL_accept(tls) == 1; }
    bool waits(const std::stop_token& stop) const {
        return (tls && SSL_pending(tls) > 0) || readable(descriptor, stop);
    }
    std::int64_t take(char* data, std::size_t size) {
        return tls ? SSL_read(tls, data, static_cast<int>(size)) : ::recv(descriptor, data, size, 0);
    }
    bool give(const char* data, std::size_t size) {
        while (size > 0) {
            const std::int64_t sent = tls ? SSL_write(tls, data, static_cast<int>(size))
                                          : ::send(descriptor, data, size, MSG_NOSIGNAL);
            if (sent <= 0) return false;
            data += sent;
            size -= static_cast<std::size_t>(sent);
        }
        return true;
    }
};

std::string HubRequest::file() const {
    const auto resolve = path.find("/resolve/");
    if (store || resolve == std::string::npos) return {};
    const auto slash = path.find('/', resolve + 9);
    return slash == std::string::npos ? std::string() : path.substr(slash + 1);
}

void HubReply::set(const std::string& name, const std::string& value) {
    for (auto& [key, old] : headers)
        if (lower(key) == lower(name)) {
            old = value;
            return;
        }
    headers.emplace_back(name, value);
}

std::string sha256Of(const std::string& bytes) {
    return hexOf(QCryptographicHash::hash(QByteArray::fromStdString(bytes), QCryptographicHash::Sha256));
}

std::string gitSha1Of(const std::string& bytes) {
    const auto blob = "blob " + std::to_string(bytes.size()) + std::string(1, '\0') + bytes;
    return hexOf(QCryptographicHash::hash(QByteArray::fromStdString(blob), QCryptographicHash::Sha1));
}

std::string seededBytes(std::size_t count, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() & 0xFFU);
    return bytes;
}

HubServer::HubServer(const std::optional<HubCertificate>& certificate)
    : m_tls(certificate ? std::make_unique<TlsContext>(*certificate) : nullptr) {
    for (int which = 0; which < 2; ++which) {
        m_listeners[which] = listenOn(m_ports[which]);
        m_threads.emplace_back(
            [this, which](const std::stop_token& stop) { serve(m_listeners[which], which == 1, stop); });
    }
}

HubServer::~HubServer() {
    m_threads.clear();
    m_connections.clear();
    for (const int listener : m_listeners) ::close(listener);
}

std::string HubServer::endpoint() const {
    return (m_tls ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(m_ports[0]);
}

std::vector<HubRequest> HubServer::requests() const {
    const std::lock_guard lock(m_mutex);
    return m_requests;
}

void HubServer::forget() {
    const std::lock_guard lock(m_mutex);
    m_requests.clear();
    m_bodyBytes = 0;
}

void HubServer::serve(int listener, bool store, const std::stop_token& stop) {
    while (readable(listener, stop)) {
        const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        const std::lock_guard lock(m_connectionsMutex);
        m_connections.emplace_back([this, connection, store](const std::stop_token& ended) {
            converse(connection, store, ended);
            ::close(connection);
        });
    }
}

void HubServer::converse(int connection, bool store, const std::stop_token& stop) {
    const int on = 1;
    ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Wire wire(connection, store ? nullptr : m_tls.get());
    if (m_tls && !store && !(readable(connection, stop) && wire.greets())) return;
    std::string received;
    while (true) {
        auto end = received.find("\r\n\r\n");
        while (end == std::string::npos) {
            char buffer[4096];
            if (!wire.waits(stop)) return;
            const auto got = wire.take(buffer, sizeof buffer);
            if (got <= 0 || received.size() > kRequestLimit) return;
            received.append(buffer, static_cast<std::size_t>(got));
            end = received.find("\r\n\r\n");
        }
        HubRequest request;
        request.store = store;
        std::size_t at = 0;
        for (bool first = true; at < end; first = false) {
            const auto lineEnd = received.find("\r\n", at);
            const auto line = received.substr(at, lineEnd - at);
            at = lineEnd + 2;
            if (first) {
                const auto one = line.find(' '), two = line.rfind(' ');
                request.method = line.substr(0, one);
                request.path = line.substr(one + 1, two - one - 1);
            } else if (const auto colon = line.find(": "); colon != std::string::npos) {
                request.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
            }
        }
        received.erase(0, end + 4);
        {
            const std::lock_guard lock(m_mutex);
            m_requests.push_back(request);
        }
        auto reply = answer(request);
        if (adjust) adjust(request, reply);
        if (!send(wire, request, reply)) return;
    }
}

HubReply HubServer::answer(const HubRequest& request) const {
    HubReply reply;
    if (!request.store) {
        reply = resolve(request);
        if (reply.status != 200) return reply;
    } else {
        // /blob/<sha256>?signature
        const auto hash = request.path.substr(std::min<std::size_t>(6, request.path.size()), 64);
        reply.status = 403;
        for (const auto& [name, model] : models)
            for (const auto& [file, bytes] : model.files)
                if (bytes.size() >= model.largeFrom && sha256Of(bytes) == hash) {
                    reply.status = 200;
                    reply.body = bytes;
                }
    }
    const auto range = request.headers.find("range");
    if (reply.status == 200 && range != request.headers.end() && range->second.starts_with("bytes=")) {
        const auto from = std::stoull(range->second.substr(6));
        const auto size = reply.body.size();
        if (from >= size) {
            reply.status = 416;
            reply.body.clear();
        } else {
            reply.status = 206;
            reply.set("Content-Range", "bytes " + std::to_string(from) + "-" + std::to_string(size - 1) +
                                           "/" + std::to_string(size));
            reply.body.erase(0, from);
        }
    }
    return reply;
}

// /org/name/resolve/<revision>/<file>
HubReply HubServer::resolve(const HubRequest& request) const {
    const auto at = request.path.find("/resolve/");
    const auto name = at == std::string::npos ? std::string() : request.path.substr(1, at - 1);
    const auto found = models.find(name);
    if (found == models.end()) return refusal(401, "RepoNotFound");
    const HubModel& model = found->second;
    const auto given = request.headers.find("authorization");
    const bool knows = given != request.headers.end() && given->second == "Bearer " + model.token;
    if (model.gated && !knows) return refusal(403, "GatedRepo");
    if (!model.token.empty() && !knows) return refusal(401, "RepoNotFound");
    const auto slash = request.path.find('/', at + 9);
    const auto revision = request.path.substr(at + 9, slash - at - 9);
    const auto other = model.revisions.find(revision);
    const std::string commit = revision == "main" || revision == model.commit ? model.commit
                               : other != model.revisions.end()               ? other->second
                                                                              : std::string();
    if (commit.empty()) return refusal(404, "RevisionNotFound");
    const auto file = model.files.find(request.file());
    if (file == model.files.end()) {
        auto reply = refusal(404, "EntryNotFound");
        reply.set("X-Repo-Commit", commit);
        return reply;
    }
    HubReply reply;
    reply.set("X-Repo-Commit", commit);
    if (file->second.size() < model.largeFrom) {
        reply.set("ETag", "\"" + gitSha1Of(file->second) + "\"");
        reply.body = file->second;
        return reply;
    }
    const auto hash = sha256Of(file->second);
    reply.status = 302;
    reply.set("X-Linked-Etag", "\"" + hash + "\"");
    reply.set("X-Linked-Size", std::to_string(file->second.size()));
    reply.set("Location",
              "http://localhost:" + std::to_string(m_ports[1]) + "/blob/" + hash + "?X-Signature=secret");
    return reply;
}

bool HubServer::send(Wire& wire, const HubRequest& request, const HubReply& reply) {
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Reason\r\n";
    bool hasLength = !reply.lengthKnown;
    for (const auto& [name, value] : reply.headers) {
        head += name + ": " + value + "\r\n";
        hasLength = hasLength || lower(name) == "content-length";
    }
    if (!hasLength) head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    head += reply.lengthKnown ? "\r\n" : "Connection: close\r\n\r\n";
    if (!wire.give(head.data(), head.size())) return false;
    if (request.method == "HEAD") return reply.lengthKnown;
    const auto limit = reply.cutAfter < 0
                           ? reply.body.size()
                           : std::min(reply.body.size(), static_cast<std::size_t>(reply.cutAfter));
    for (std::size_t at = 0; at < limit;) {
        const auto size = std::min(kBlockBytes, limit - at);
        if (!wire.give(reply.body.data() + at, size)) return false;
        at += size;
        m_bodyBytes += static_cast<std::int64_t>(size);
        std::function<void(const HubRequest&, std::int64_t)> sent;
        {
            const std::lock_guard lock(m_mutex);
            sent = m_sent;
        }
        if (sent) sent(request, static_cast<std::int64_t>(at));
        if (reply.microsecondsABlock > 0) ::usleep(static_cast<useconds_t>(reply.microsecondsABlock));
    }
    return reply.lengthKnown && reply.cutAfter < 0;
}

void HubServer::whenSent(std::function<void(const HubRequest&, std::int64_t sent)> told) {
    const std::lock_guard lock(m_mutex);
    m_sent = std::move(told);
}

}  // namespace attnviz::test
