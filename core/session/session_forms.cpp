#include "core/session/session_forms.h"

#include <array>

namespace attnviz {

extern const SessionForm kOwnSessionForm;

std::span<const SessionForm* const> sessionForms() {
    static constexpr std::array kForms{&kOwnSessionForm};
    return kForms;
}

}  // namespace attnviz
