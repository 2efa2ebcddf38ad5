#include "core/model/hub/blob_hash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace attnviz {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

struct Descriptor {
    int number = -1;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

}  // namespace

BlobHash kindOfBlobHash(std::string_view hash) {
    for (const char c : hash)
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return BlobHash::none;
    if (hash.size() == 40) return BlobHash::gitSha1;
    return hash.size() == 64 ? BlobHash::sha256 : BlobHash::none;
}

Result<std::string> hashOfFile(const std::filesystem::path& path, BlobHash kind,
                               const std::function<void(std::int64_t)>& read, std::stop_token stop) {
    const auto failed = [&](int reason) {
        return ioError(std::string("cannot be read: ") + std::strerror(reason), path.string());
    };
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status {};
    if (file.number < 0 || ::fstat(file.number, &status) != 0) return failed(errno);

    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const EVP_MD* digest = kind == BlobHash::sha256 ? EVP_sha256() : EVP_sha1();
    if (!context || EVP_DigestInit_ex(context.get(), digest, nullptr) != 1)
        return internalError("the hash could not be prepared");
    if (kind == BlobHash::gitSha1) {
        const auto start = "blob " + std::to_string(status.st_size);
        EVP_DigestUpdate(context.get(), start.c_str(), start.size() + 1);  // with its NUL
    }
    std::vector<char> block(kBlockBytes);
    std::int64_t done = 0;
    while (true) {
        if (stop.stop_requested()) return cancelled();
        const auto got = ::read(file.number, block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(errno);
        if (got == 0) break;
        EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(got));
        done += got;
        if (read) read(done);
    }
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_DigestFinal_ex(context.get(), bytes, &size) != 1) return internalError("the hash failed");
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        text += kDigits[bytes[i] >> 4U];
        text += kDigits[bytes[i] & 15U];
    }
    return text;
}

}  // namespace attnviz
