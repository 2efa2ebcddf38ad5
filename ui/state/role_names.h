// What roles and their scores are called for a person.
#pragma once

#include <QString>
#include <string_view>

#include "core/analysis/head_roles.h"

namespace attnviz::ui {

// Of a role or a score by its key: "first_token" is "first token (sink)", "mixed" is "mixed".
QString roleName(std::string_view key);
// The role of a key that was kept as text; empty for none of them.
std::string_view headRoleKey(const QString& key);
QString scoreName(HeadScore score);        // the same of a score
QString scoreHeading(HeadScore score);     // of a narrow column: "1st"
QString scoreDefinition(HeadScore score);  // one sentence

}  // namespace attnviz::ui
