#include "ui/state/role_names.h"

#include <QCoreApplication>
#include <array>

namespace attnviz::ui {
namespace {

struct Names {
    const char *name, *heading, *definition;
};

// In the order of HeadScore.
constexpr std::array<Names, kHeadScores> kNames{
    Names{QT_TRANSLATE_NOOP("RoleNames", "previous token"), QT_TRANSLATE_NOOP("RoleNames", "prv"),
          QT_TRANSLATE_NOOP("RoleNames", "Mean weight on the token before")},
    Names{QT_TRANSLATE_NOOP("RoleNames", "next token"), QT_TRANSLATE_NOOP("RoleNames", "nxt"),
          QT_TRANSLATE_NOOP("RoleNames", "Mean weight on the token after, rows that see it")},
    Names{QT_TRANSLATE_NOOP("RoleNames", "itself"), QT_TRANSLATE_NOOP("RoleNames", "self"),
          QT_TRANSLATE_NOOP("RoleNames", "Mean weight on the token itself, rows from 1")},
    Names{QT_TRANSLATE_NOOP("RoleNames", "first token (sink)"), QT_TRANSLATE_NOOP("RoleNames", "1st"),
          QT_TRANSLATE_NOOP("RoleNames", "Mean weight on token 0, rows from 1")},
    Names{QT_TRANSLATE_NOOP("RoleNames", "special tokens"), QT_TRANSLATE_NOOP("RoleNames", "spc"),
          QT_TRANSLATE_NOOP("RoleNames", "Mean weight on special tokens, rows of others")},
    Names{QT_TRANSLATE_NOOP("RoleNames", "duplicate token"), QT_TRANSLATE_NOOP("RoleNames", "dup"),
          QT_TRANSLATE_NOOP("RoleNames", "Mean weight on earlier occurrences of the same token")},
    Names{QT_TRANSLATE_NOOP("RoleNames", "induction"), QT_TRANSLATE_NOOP("RoleNames", "ind"),
          QT_TRANSLATE_NOOP("RoleNames",
                            "Mean weight on tokens after an earlier occurrence of the same token")},
    Names{QT_TRANSLATE_NOOP("RoleNames", "uniform"), QT_TRANSLATE_NOOP("RoleNames", "uni"),
          QT_TRANSLATE_NOOP("RoleNames", "How even the rows are: normalized row entropy from 0.8 to 1")}};

const Names& namesOf(HeadScore score) {
    return kNames[static_cast<std::size_t>(score)];
}

QString tr(const char* text) {
    return QCoreApplication::translate("RoleNames", text);
}

}  // namespace

QString roleName(std::string_view key) {
    for (std::size_t score = 0; score < kHeadScores; ++score)
        if (key == headScoreName(static_cast<HeadScore>(score))) return tr(kNames[score].name);
    return tr(QT_TRANSLATE_NOOP("RoleNames", "mixed"));
}

std::string_view headRoleKey(const QString& key) {
    for (std::size_t score = 0; score < kHeadScores; ++score)
        if (const auto name = headScoreName(static_cast<HeadScore>(score));
            key == QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())))
            return name;
    return key == "mixed" ? "mixed" : "";
}

QString scoreName(HeadScore score) {
    return tr(namesOf(score).name);
}

QString scoreHeading(HeadScore score) {
    return tr(namesOf(score).heading);
}

QString scoreDefinition(HeadScore score) {
    return tr(namesOf(score).definition);
}

}  // namespace attnviz::ui
