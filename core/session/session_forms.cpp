#include "core/session/session_forms.h"

#include <array>

namespace attnviz {

extern const SessionForm kOwnSessionForm, kExplainerForm, kObjectForm, kNestedListForm, kNpyForm, kNpzForm,
    kSafetensorsForm;

std::span<const SessionForm* const> sessionForms() {
    static constexpr std::array kForms{&kOwnSessionForm, &kExplainerForm, &kObjectForm,     &kNestedListForm,
                                       &kNpyForm,        &kNpzForm,       &kSafetensorsForm};
    return kForms;
}

}  // namespace attnviz
