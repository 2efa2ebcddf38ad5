#include "core/model/hub/http_client.h"

#include <curl/curl.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <mutex>

namespace attnviz {
namespace {

constexpr long kReceiveBufferBytes = 256L << 10;
constexpr std::size_t kHeaderLimit = 256;  // as many headers as any answer needs
constexpr int kPollMs = 200;               // a stop request wakes the poll

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

// A part of an address, or empty.
std::string partOf(CURLU* address, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(address, part, &text, flags) != CURLUE_OK) return {};
    std::string out(text);
    curl_free(text);
    return out;
}

struct Address {
    CURLU* handle = curl_url();
    bool usable = false;
    explicit Address(const std::string& text) {
        usable = handle && curl_url_set(handle, CURLUPART_URL, text.c_str(), 0) == CURLUE_OK && isWeb();
    }
    ~Address() { curl_url_cleanup(handle); }
    Address(const Address&) = delete;
    Address& operator=(const Address&) = delete;
    bool isWeb() const {
        const auto scheme = lower(partOf(handle, CURLUPART_SCHEME));
        return scheme == "http" || scheme == "https";
    }
};

// Where certificates of one's own are, which count besides the system's: a file, or a folder.
struct OwnCertificates {
    std::string variable, path;
};

// The variables of OpenSSL, and of what huggingface_hub has downloaded with.
std::optional<OwnCertificates> ownCertificates() {
    for (const char* variable : {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"})
        if (const char* path = std::getenv(variable); path && *path) return OwnCertificates{variable, path};
    return std::nullopt;
}

void trust(CURL* one, const OwnCertificates& own) {
    std::error_code none;
    const bool folder = std::filesystem::is_directory(own.path, none);
    curl_easy_setopt(one, folder ? CURLOPT_CAPATH : CURLOPT_CAINFO, own.path.c_str());
}

// `detail` is libcurl's own sentence, of which those on certificates say more than the code.
Error failureOf(CURLcode code, std::string_view detail, const std::string& host) {
    const auto network = [&](std::string what, std::string hint) {
        return Error{ErrorKind::network, std::move(what), host, std::move(hint)};
    };
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return network("the name of this host is not known here",
                           "Is this machine connected? HF_ENDPOINT names another host.");
        case CURLE_COULDNT_CONNECT:
            return network("no connection could be made",
                           "Is this machine connected, and is a proxy needed (HTTPS_PROXY)?");
        case CURLE_OPERATION_TIMEDOUT:
            return network("the host does not answer in time",
                           "Try again; HF_HUB_DOWNLOAD_TIMEOUT allows more seconds.");
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR: {
            if (const auto colon = detail.rfind(": "); colon != std::string_view::npos)
                detail.remove_prefix(colon + 2);
            return network("the host's certificate is not trusted" +
                               (detail.empty() ? "" : " (" + std::string(detail) + ")"),
                           "Is 'ca-certificates' installed, and is the clock right? For a hub or a proxy of "
                           "your own, SSL_CERT_FILE names the certificate to trust.");
        }
        case CURLE_SSL_CACERT_BADFILE: {
            const auto own = ownCertificates();
            return Error{ErrorKind::badInput, "the certificates to trust cannot be read",
                         own ? own->path : host,
                         own ? own->variable + " names them: a file of certificates in PEM form."
                             : "Is 'ca-certificates' installed?"};
        }
        case CURLE_OUT_OF_MEMORY:
            return outOfMemory("not enough memory for the transfer", host);
        default:
            return network(std::string("the transfer broke off: ") + curl_easy_strerror(code), "Try again.");
    }
}

bool passes(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_WEIRD_SERVER_REPLY:
            return true;
        default:
            return false;
    }
}

}  // namespace

struct HttpClient::Transfer {
    using Clock = std::chrono::steady_clock;
    HttpAnswer answer;
    const BodySink* sink = nullptr;
    std::stop_token stop;
    std::optional<Error> refused;            // by the sink
    std::optional<Clock::time_point> heard;  // the last byte, or the connection

    // libcurl's own limit of low speed looks at an average, and is late by seconds.
    bool isSilentFor(std::chrono::seconds limit, CURL* one) {
        if (!heard) {
            curl_off_t ready = 0;
            if (curl_easy_getinfo(one, CURLINFO_PRETRANSFER_TIME_T, &ready) == CURLE_OK && ready > 0)
                heard = Clock::now();
        }
        return heard && Clock::now() - *heard > limit;
    }

    static std::size_t takeHeader(char* data, std::size_t, std::size_t size, void* self) {
        static_cast<Transfer*>(self)->heard = Clock::now();
        auto& answer = static_cast<Transfer*>(self)->answer;
        const auto line = trimmed({data, size});
        if (line.starts_with("HTTP/")) {  // the first of a block; 100 Continue has one of its own
            answer.headers.clear();
            const auto blank = line.find(' ');
            answer.status =
                blank == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(blank)).c_str());
            return size;
        }
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && answer.headers.size() < kHeaderLimit)
            answer.headers[lower(trimmed(line.substr(0, colon)))] = trimmed(line.substr(colon + 1));
        return size;
    }
    static std::size_t takeBody(char* data, std::size_t, std::size_t size, void* self) {
        auto& transfer = *static_cast<Transfer*>(self);
        transfer.heard = Clock::now();
        if (transfer.stop.stop_requested()) return 0;
        if (!transfer.sink || !*transfer.sink) return size;
        auto taken = (*transfer.sink)(transfer.answer, {data, size});
        if (taken) return size;
        transfer.refused = taken.error();
        return 0;
    }
};

const std::string* HttpAnswer::header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? nullptr : &found->second;
}

bool HttpAnswer::isRedirect() const {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

HttpClient::HttpClient(std::string userAgent) : m_userAgent(std::move(userAgent)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    m_many = curl_multi_init();
    m_one = curl_easy_init();
}

HttpClient::~HttpClient() {
    curl_easy_cleanup(m_one);
    curl_multi_cleanup(static_cast<CURLM*>(m_many));
}

HttpAnswer HttpClient::head(const std::string& address, const std::vector<std::string>& headers,
                            const HttpTimeouts& timeouts, std::stop_token stop) {
    Transfer transfer;
    transfer.stop = std::move(stop);
    if (m_one) {
        curl_easy_reset(m_one);
        curl_easy_setopt(m_one, CURLOPT_NOBODY, 1L);
    }
    return perform(transfer, address, headers, timeouts);
}

HttpAnswer HttpClient::get(const std::string& address, const std::vector<std::string>& headers,
                           const HttpTimeouts& timeouts, const BodySink& sink, std::stop_token stop) {
    Transfer transfer;
    transfer.stop = std::move(stop);
    transfer.sink = &sink;
    if (m_one) {
        curl_easy_reset(m_one);
        curl_easy_setopt(m_one, CURLOPT_HTTPGET, 1L);
    }
    return perform(transfer, address, headers, timeouts);
}

HttpAnswer HttpClient::perform(Transfer& transfer, const std::string& address,
                               const std::vector<std::string>& headers, const HttpTimeouts& timeouts) {
    auto* one = m_one;
    auto* many = static_cast<CURLM*>(m_many);
    if (!one || !many) {
        transfer.answer.failure = outOfMemory("the transfer could not be prepared");
        return transfer.answer;
    }
    curl_slist* list = nullptr;
    for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
    curl_easy_setopt(one, CURLOPT_URL, address.c_str());
    curl_easy_setopt(one, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(one, CURLOPT_USERAGENT, m_userAgent.c_str());
    curl_easy_setopt(one, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(one, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(one, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(one, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(one, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_easy_setopt(one, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(one, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(one, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
    curl_easy_setopt(one, CURLOPT_CONNECTTIMEOUT, static_cast<long>(timeouts.connect.count()));
    curl_easy_setopt(one, CURLOPT_HEADERFUNCTION, &Transfer::takeHeader);
    curl_easy_setopt(one, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(one, CURLOPT_WRITEFUNCTION, &Transfer::takeBody);
    curl_easy_setopt(one, CURLOPT_WRITEDATA, &transfer);
    std::array<char, CURL_ERROR_SIZE> detail{};
    curl_easy_setopt(one, CURLOPT_ERRORBUFFER, detail.data());
    if (const auto own = ownCertificates()) trust(one, *own);

    CURLcode code = CURLE_FAILED_INIT;
    if (curl_multi_add_handle(many, one) == CURLM_OK) {
        const std::stop_callback wake(transfer.stop, [many] { curl_multi_wakeup(many); });
        int running = 1;
        while (running > 0 && !transfer.stop.stop_requested()) {
            if (curl_multi_perform(many, &running) != CURLM_OK) break;
            if (running > 0 && transfer.isSilentFor(timeouts.silence, one)) {
                code = CURLE_OPERATION_TIMEDOUT;
                break;
            }
            if (running > 0 && curl_multi_poll(many, nullptr, 0, kPollMs, nullptr) != CURLM_OK) break;
        }
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(many, &left))
            if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    curl_multi_remove_handle(many, one);
    curl_slist_free_all(list);
    curl_easy_setopt(one, CURLOPT_ERRORBUFFER, nullptr);
    // What ended the transfer, in this order: a stop request, the receiver of the bytes, the network.
    auto& answer = transfer.answer;
    if (transfer.stop.stop_requested()) {
        answer.failure = cancelled();
    } else if (transfer.refused) {
        answer.failure = *transfer.refused;
    } else if (code != CURLE_OK) {
        answer.failure = failureOf(code, detail.data(), hostOf(address));
        answer.mayPass = passes(code);
    }
    return answer;
}

std::string originOf(const std::string& address) {
    const Address parsed(address);
    if (!parsed.usable) return {};
    return lower(partOf(parsed.handle, CURLUPART_SCHEME)) + "://" +
           lower(partOf(parsed.handle, CURLUPART_HOST)) + ":" +
           partOf(parsed.handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

std::string hostOf(const std::string& address) {
    const Address parsed(address);
    return parsed.usable ? lower(partOf(parsed.handle, CURLUPART_HOST)) : std::string();
}

std::string resolvedAddress(const std::string& base, const std::string& target) {
    const Address parsed(base);
    if (!parsed.usable || target.empty()) return {};
    if (curl_url_set(parsed.handle, CURLUPART_URL, target.c_str(), 0) != CURLUE_OK || !parsed.isWeb())
        return {};
    return partOf(parsed.handle, CURLUPART_URL);
}

std::string encodedForAddress(std::string_view text, bool slashes) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '_' || c == '.' || c == '~' || (slashes && c == '/');
        if (plain)
            out += c;
        else
            (out += '%', out += kDigits[byte >> 4U], out += kDigits[byte & 15U]);
    }
    return out;
}

}  // namespace attnviz
