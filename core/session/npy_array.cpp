#include "core/session/npy_array.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMostHeaderBytes = 65536, kMostAxes = 8;

// The header's dictionary, read character by character.
class HeaderReader {
 public:
    HeaderReader(std::string_view text, NpyArray& array) : m_text(text), m_array(array) {}

    bool read() {
        bool type = false, order = false, shape = false;
        if (!take('{')) return false;
        while (!take('}')) {
            std::string_view key;
            if (!quoted(key) || !take(':')) return false;
            bool* const seen = key == "descr"           ? &type
                               : key == "fortran_order" ? &order
                               : key == "shape"         ? &shape
                                                        : nullptr;
            if (!seen || *seen) return false;
            *seen = true;
            if (key == "descr" ? !quoted(m_type) : key == "shape" ? !readShape() : !readOrder()) return false;
            if (!take(',') && peek() != '}') return false;
        }
        space();
        return m_text.empty() && type && order && shape;
    }
    std::string_view type() const { return m_type; }

 private:
    void space() {
        while (!m_text.empty() && (m_text.front() == ' ' || m_text.front() == '\n')) m_text.remove_prefix(1);
    }
    char peek() {
        space();
        return m_text.empty() ? '\0' : m_text.front();
    }
    bool take(char c) {
        if (peek() != c) return false;
        m_text.remove_prefix(1);
        return true;
    }
    bool quoted(std::string_view& out) {
        const char quote = peek();
        if (quote != '\'' && quote != '"') return false;
        const auto end = m_text.find(quote, 1);
        if (end == std::string_view::npos) return false;
        out = m_text.substr(1, end - 1);
        m_text.remove_prefix(end + 1);
        return out.find('\\') == std::string_view::npos;
    }
    bool readOrder() {
        space();
        for (const std::string_view word : {"True", "False"}) {
            if (!m_text.starts_with(word)) continue;
            m_array.columnMajor = word == "True";
            m_text.remove_prefix(word.size());
            return true;
        }
        return false;
    }
    bool readShape() {
        if (!take('(')) return false;
        while (!take(')')) {
            std::int64_t size = 0;
            space();
            const auto parsed = std::from_chars(m_text.data(), m_text.data() + m_text.size(), size);
            if (parsed.ec != std::errc() || size < 0 || m_array.shape.size() == kMostAxes) return false;
            m_text.remove_prefix(static_cast<std::size_t>(parsed.ptr - m_text.data()));
            m_array.shape.push_back(size);
            if (!take(',') && peek() != ')') return false;
        }
        return true;
    }

    std::string_view m_text, m_type;
    NpyArray& m_array;
};

Result<void> readType(std::string_view type, NpyArray& array, const std::string& where) {
    if (type.find('O') != std::string_view::npos)
        return unsupported("the array holds Python objects (a pickle), which can run code, and is not opened",
                           where, "Save it as numbers: numpy.asarray(weights, dtype='float32').");
    if (type.starts_with('>'))
        return unsupported("the array is big-endian (" + harmless(type) + ")", where,
                           "Save it with astype('<f4').");
    const bool wellFormed = type.size() >= 3 && (type[0] == '<' || type[0] == '|' || type[0] == '=');
    const char* const digits = type.data() + 2;
    const auto parsed = wellFormed ? std::from_chars(digits, type.data() + type.size(), array.itemBytes)
                                   : std::from_chars_result{};
    if (!wellFormed || parsed.ec != std::errc() || parsed.ptr != type.data() + type.size() ||
        array.itemBytes < 0 || array.itemBytes > (1 << 26))
        return unsupported("arrays of type '" + harmless(type) + "' are not read", where,
                           "Save it as float32.");
    array.kind = type[1];
    if (array.kind == 'U') array.itemBytes *= 4;
    return {};
}

// NumPy pads text with zeros.
std::optional<std::string> utf8FromUtf32(std::span<const std::byte> item) {
    std::string text;
    std::uint32_t code = 0;
    std::size_t length = item.size() / 4;
    const auto codeAt = [&](std::size_t i) {
        std::memcpy(&code, item.data() + i * 4, 4);
        return code;
    };
    while (length > 0 && codeAt(length - 1) == 0) --length;
    for (std::size_t i = 0; i < length; ++i) {
        codeAt(i);
        if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return std::nullopt;
        if (code < 0x80) {
            text += static_cast<char>(code);
        } else if (code < 0x800) {
            text += static_cast<char>(0xC0U | (code >> 6U));
        } else if (code < 0x10000) {
            text += static_cast<char>(0xE0U | (code >> 12U));
            text += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
        } else {
            text += static_cast<char>(0xF0U | (code >> 18U));
            text += static_cast<char>(0x80U | ((code >> 12U) & 0x3FU));
            text += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
        }
        if (code >= 0x80) text += static_cast<char>(0x80U | (code & 0x3FU));
    }
    return text;
}

}  // namespace

bool isNpy(std::string_view bytes) {
    return bytes.starts_with(kMagic);
}

Result<NpyArray> parseNpy(std::string_view bytes, const std::string& where) {
    const auto broken = [&](const char* what) {
        return badInput(std::string("no NumPy array: ") + what, where);
    };
    if (!isNpy(bytes) || bytes.size() < 10) return broken("the header is cut short");
    const auto byte = [&](std::size_t i) {
        return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
    };
    const std::size_t version = byte(6);
    if (version < 1 || version > 3 || byte(7) != 0) return broken("the format's version is not known");
    const std::size_t lengthBytes = version == 1 ? 2 : 4, begin = 8 + lengthBytes;
    if (bytes.size() < begin) return broken("the header is cut short");
    std::size_t length = 0;
    for (std::size_t i = lengthBytes; i > 0; --i) length = length << 8U | byte(7 + i);
    if (length > kMostHeaderBytes || length > bytes.size() - begin)
        return broken("the header is longer than the file, or than any header");
    NpyArray array;
    HeaderReader header(bytes.substr(begin, length), array);
    if (!header.read()) return broken("the header is not the dictionary that NumPy writes");
    if (auto known = readType(header.type(), array, where); !known) return known.error();
    std::int64_t wanted = array.itemBytes;
    for (const std::int64_t size : array.shape) {
        const auto product = checkedProduct({wanted, size});
        if (!product) return broken("the shape is larger than any file");
        wanted = *product;
    }
    const std::size_t given = bytes.size() - begin - length;
    if (static_cast<std::size_t>(wanted) != given)
        return badInput("the array's shape " + shapeText(array.shape) + " wants " + std::to_string(wanted) +
                            " bytes, the file has " + std::to_string(given),
                        where, "Is the file complete?");
    array.bytes = std::as_bytes(std::span(bytes.substr(begin + length)));
    return array;
}

Result<NumberArray> NpyArray::numbers(const std::string& where) const {
    NumberArray array{TensorType::other, shape, columnMajor, bytes};
    if (kind == 'f')
        array.type = itemBytes == 2   ? TensorType::f16
                     : itemBytes == 4 ? TensorType::f32
                     : itemBytes == 8 ? TensorType::f64
                                      : TensorType::other;
    else if (kind == 'i')
        array.type = itemBytes == 4 ? TensorType::i32 : itemBytes == 8 ? TensorType::i64 : TensorType::other;
    else if (kind == 'u' && itemBytes == 1)
        array.type = TensorType::u8;
    if (array.type == TensorType::other)
        return unsupported(std::string("arrays of NumPy type ") + kind + std::to_string(itemBytes) +
                               " are not read as numbers",
                           where, "Save it as float32.");
    return array;
}

Result<std::vector<std::string>> NpyArray::texts(const std::string& where) const {
    const bool oneAxis = shape.size() == 1 || (shape.size() == 2 && shape[0] == 1);
    if ((kind != 'U' && kind != 'S') || !oneAxis) return badInput("the tokens are no list of texts", where);
    if (shape.back() > kMostTokens) return badInput("more than a million tokens", where);
    std::vector<std::string> labels;
    for (std::int64_t i = 0; i < shape.back(); ++i) {
        const auto item =
            bytes.subspan(static_cast<std::size_t>(i * itemBytes), static_cast<std::size_t>(itemBytes));
        std::optional<std::string> text;
        if (kind == 'U') {
            text = utf8FromUtf32(item);
        } else {
            std::string_view raw(reinterpret_cast<const char*>(item.data()), item.size());
            raw = raw.substr(0, raw.find_last_not_of('\0') + 1);
            if (isValidUtf8(raw)) text = raw;
        }
        if (!text) return badInput("token " + std::to_string(i) + " is no valid Unicode", where);
        labels.push_back(std::move(*text));
    }
    return labels;
}

}  // namespace attnviz
