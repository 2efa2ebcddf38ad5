// A value, or the reason why there is none.
//
// Every function of ours that can fail on input, files, memory or a stop request returns a Result. Exceptions
// are left to libraries; they are caught at the edge of a room (job_queue, torch) and become an Error.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace attnviz {

enum class ErrorKind { badInput, notFound, unsupported, outOfMemory, io, network, cancelled, internal };

// One clear sentence: what is wrong, where, and what to do. `cancelled` is never shown to anybody.
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string what;   // "tensor 'h.3.attn.c_attn.weight' has shape (768, 2304), expected (1024, 3072)"
    std::string where;  // a path, an option, a place in a file; may be empty
    std::string hint;   // what the person can do next; may be empty

    // "where: what. hint", ready for a banner or a terminal. Text from files is made harmless (terminal
    // escapes).
    std::string sentence() const;
};

inline Error badInput(std::string what, std::string where = {}, std::string hint = {}) {
    return {ErrorKind::badInput, std::move(what), std::move(where), std::move(hint)};
}
inline Error notFound(std::string what, std::string where = {}, std::string hint = {}) {
    return {ErrorKind::notFound, std::move(what), std::move(where), std::move(hint)};
}
inline Error unsupported(std::string what, std::string where = {}, std::string hint = {}) {
    return {ErrorKind::unsupported, std::move(what), std::move(where), std::move(hint)};
}
inline Error outOfMemory(std::string what, std::string where = {}, std::string hint = {}) {
    return {ErrorKind::outOfMemory, std::move(what), std::move(where), std::move(hint)};
}
inline Error ioError(std::string what, std::string where = {}, std::string hint = {}) {
    return {ErrorKind::io, std::move(what), std::move(where), std::move(hint)};
}
inline Error internalError(std::string what, std::string where = {}, std::string hint = {}) {
    return {ErrorKind::internal, std::move(what), std::move(where), std::move(hint)};
}
inline Error cancelled() {
    return {ErrorKind::cancelled, "cancelled", {}, {}};
}

template <class T = void>
class [[nodiscard]] Result {
 public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { return *checked(); }
    const T& value() const& { return *const_cast<Result*>(this)->checked(); }
    T&& value() && { return std::move(*checked()); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return checked(); }
    const T* operator->() const { return const_cast<Result*>(this)->checked(); }

    const Error& error() const {
        assert(!ok());
        return *std::get_if<1>(&m_state);
    }

 private:
    T* checked() {
        assert(ok());
        return std::get_if<0>(&m_state);
    }
    std::variant<T, Error> m_state;
};

template <>
class [[nodiscard]] Result<void> {
 public:
    Result() = default;
    Result(Error error) : m_error(std::move(error)), m_ok(false) {}
    bool ok() const { return m_ok; }
    explicit operator bool() const { return m_ok; }
    const Error& error() const {
        assert(!m_ok);
        return m_error;
    }

 private:
    Error m_error;
    bool m_ok = true;
};

}  // namespace attnviz
