#include "ui/panes/comparison_parts.h"

#include <QCoreApplication>
#include <algorithm>

#include "ui/panes/change_table.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

using Kind = ReadOutPart::Kind;
constexpr int kTitleTokens = 6;

QString tr(const char* text) {
    return QCoreApplication::translate("ComparisonPane", text);
}

// The text where it begins to differ: "… little girl named Lily …"; empty where it never does.
QString whereItDiffers(const QStringList& tokens, const std::vector<TokenPair>& axis, int TokenPair::*side) {
    const auto alone = std::ranges::find_if(axis, [side](const TokenPair& pair) {
        return pair.left != pair.right && pair.*side >= 0 && (pair.left < 0 || pair.right < 0);
    });
    if (alone == axis.end()) return {};
    const int first = std::max(0, (*alone).*side - 2);
    QString text = tokens.mid(first, kTitleTokens).join(QString()).replace(QChar(0xB7), ' ').trimmed();
    return (first > 0 ? "… " : "") + text + (first + kTitleTokens < tokens.size() ? " …" : "");
}

CompareMap mapOf(const ComparedPair& pair, const ComparedPair::Side& side, HeadId head, int TokenPair::*own) {
    CompareMap map;
    map.source = side.shown;
    map.head = head;
    map.queries = side.queries;
    map.keys = side.keys;
    const auto axis = [own](const std::vector<TokenPair>& joint, std::vector<int>& places,
                            std::vector<bool>& bold) {
        for (std::size_t at = 0; at < joint.size(); ++at) {
            if (joint[at].*own < 0) continue;
            places.push_back(static_cast<int>(at));
            bold.push_back(joint[at].left < 0 || joint[at].right < 0);
        }
    };
    axis(pair.queries, map.jointQueries, map.boldQueries);
    axis(pair.keys, map.jointKeys, map.boldKeys);
    return map;
}

// Over the joint axes; tokens without a partner keep their place and have no label.
CompareMap differenceOf(const ComparedMaps& shown) {
    const auto& pair = *shown.pair;
    CompareMap map;
    map.source = shown.difference;
    map.difference = true;
    const auto axis = [](const std::vector<TokenPair>& joint, const QStringList& texts, QStringList& labels,
                         std::vector<int>& places, std::vector<bool>& bold, std::vector<int>& numbers) {
        for (std::size_t at = 0; at < joint.size(); ++at) {
            const bool both = joint[at].left >= 0 && joint[at].right >= 0;
            numbers.push_back(both ? joint[at].left : -1);
            labels << (both ? texts.value(joint[at].left) : QString());
            places.push_back(static_cast<int>(at));
        }
        bold.assign(joint.size(), false);
    };
    axis(pair.queries, pair.left.queries, map.queries, map.jointQueries, map.boldQueries, map.queryNumbers);
    axis(pair.keys, pair.left.keys, map.keys, map.jointKeys, map.boldKeys, map.keyNumbers);
    return map;
}

std::vector<ReadOutPart> cellFacts(const ComparedMaps& shown, Cell joint) {
    const auto& pair = *shown.pair;
    std::vector<ReadOutPart> parts{{Kind::plain, tr("Query")},
                                   {Kind::query, jointTokenText(pair, joint, true)},
                                   {Kind::plain, tr("→ key")},
                                   {Kind::key, jointTokenText(pair, joint, false)},
                                   {Kind::separator, {}}};
    const auto a = comparedWeight(shown, joint, &TokenPair::left),
               b = comparedWeight(shown, joint, &TokenPair::right);
    const auto text = [](std::optional<float> value) { return value ? weightText(*value) : QString("–"); };
    for (const auto& [name, value] : {std::pair("A", a), std::pair("B", b)}) {
        parts.push_back({Kind::plain, name});
        parts.push_back({Kind::strong, text(value)});
        parts.push_back({Kind::separator, {}});
    }
    const Cell inA = pair.own(joint, &TokenPair::left), inB = pair.own(joint, &TokenPair::right);
    const bool alone = std::min({inA.query, inA.key, inB.query, inB.key}) < 0;
    if (!alone && (a || b)) {
        parts.push_back({Kind::plain, tr("B − A")});
        parts.push_back({Kind::strong, signedText(b.value_or(0) - a.value_or(0))});
    } else {
        parts.push_back({Kind::plain, alone ? tr("no partner") : tr("masked in both")});
    }
    parts.push_back({Kind::separator, {}});
    return parts;
}

}  // namespace

std::vector<CompareMap> compareMaps(const ComparedMaps& shown) {
    const auto& pair = *shown.pair;
    std::vector<CompareMap> made{mapOf(pair, pair.left, pair.seen(shown.head), &TokenPair::left),
                                 mapOf(pair, pair.right, pair.seen(shown.head), &TokenPair::right),
                                 differenceOf(shown)};
    made[0].mark = "A";
    made[0].title = whereItDiffers(pair.left.queries, pair.queries, &TokenPair::left);
    made[1].mark = "B";
    made[1].title = whereItDiffers(pair.right.queries, pair.queries, &TokenPair::right);
    made[2].mark = tr("B − A");
    made[2].title = tr("aligned tokens only");
    return made;
}

std::vector<ReadOutPart> comparedFacts(const ComparedMaps& shown, std::optional<Cell> joint) {
    const auto& pair = *shown.pair;
    std::vector<ReadOutPart> parts;
    if (joint) {
        parts = cellFacts(shown, *joint);
        parts.push_back({Kind::plain, tr("head:")});
    } else {
        const auto &a = pair.left.shown->info(), &b = pair.right.shown->info();
        const QString head = a.combined.empty() ? tr("Head %1").arg(shown.head.head)
                             : a.combined == b.combined
                                 ? QString::fromStdString(a.combined)
                                 : tr("%1 of A, %2 of B").arg(a.combined.c_str(), b.combined.c_str());
        parts = {{Kind::strong, tr("Layer %1 · %2").arg(shown.head.layer).arg(head)},
                 {Kind::separator, {}},
                 {Kind::plain, tr("%1 of %2 tokens aligned")
                                   .arg(countText(static_cast<qint64>(pair.alignment.keys.size())),
                                        countText(std::max(a.keys, b.keys)))},
                 {Kind::separator, {}}};
    }
    parts.push_back({Kind::plain, tr("JS")});
    parts.push_back({Kind::strong, tr("%1 nats").arg(scoreText(shown.measure.divergence, 4))});
    parts.push_back({Kind::plain, tr("cosine")});
    parts.push_back({Kind::strong, scoreText(shown.measure.cosine, 4)});
    return parts;
}

QStringList comparedNotes(const ComparedPair& pair) {
    QStringList notes;
    const auto &a = pair.left.heads->info(), &b = pair.right.heads->info();
    if (a.layers != b.layers || a.heads != b.heads)
        notes << tr("A has %1 × %2 heads, B %3 × %4: by place, what both have")
                     .arg(a.layers)
                     .arg(a.heads)
                     .arg(b.layers)
                     .arg(b.heads);
    if (a.renormalized || b.renormalized) notes << tr("renormalized");
    return notes;
}

}  // namespace attnviz::ui
