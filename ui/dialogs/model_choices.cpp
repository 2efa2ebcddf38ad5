#include "ui/dialogs/model_choices.h"

#include <algorithm>

namespace attnviz::ui {
namespace {

bool canBeChosen(const ModelChoice& choice) {
    return choice.kind != ChoiceKind::heading && choice.kind != ChoiceKind::sentence;
}

// Every word that is typed stands somewhere in the row.
bool fits(const ModelChoice& choice, const QStringList& words) {
    const QString all = choice.title + ' ' + choice.facts + ' ' + choice.where;
    return std::ranges::all_of(words,
                               [&](const QString& word) { return all.contains(word, Qt::CaseInsensitive); });
}

}  // namespace

void ModelChoices::setRecent(std::vector<ModelChoice> recent) {
    m_recent = std::move(recent);
    list();
}

void ModelChoices::setCached(std::vector<ModelChoice> cached, bool whole) {
    m_cached = std::move(cached);
    m_whole = whole;
    list();
}

void ModelChoices::setTyped(const QString& text, std::optional<ModelChoice> folder,
                            std::optional<ModelChoice> hub) {
    m_typed = text;
    m_folder = std::move(folder);
    m_hub = std::move(hub);
    list();
}

void ModelChoices::setHubSentence(const QString& sentence) {
    m_hubSentence = sentence;
    list();
}

void ModelChoices::list() {
    beginResetModel();
    m_rows.clear();
    const QStringList words = m_typed.split(' ', Qt::SkipEmptyParts);
    const auto heading = [this](const QString& title) {
        m_rows.push_back({ChoiceKind::heading, title, {}, {}, {}, {}, {}, false, false});
    };
    const auto sentence = [this](const QString& text) {
        m_rows.push_back({ChoiceKind::sentence, text, {}, {}, {}, {}, {}, false, false});
    };
    // What is not there under a filter has no heading either.
    const auto section = [&](const QString& title, const std::vector<ModelChoice>& choices) {
        bool any = false;
        for (const auto& choice : choices) {
            if (!fits(choice, words)) continue;
            if (!any) heading(title);
            any = true;
            m_rows.push_back(choice);
        }
    };
    if (m_folder) {
        heading(tr("Folder"));
        m_rows.push_back(*m_folder);
    }
    section(tr("Recent"), m_recent);
    section(tr("On this computer"), m_cached);
    if (!m_whole) sentence(tr("The Hugging Face cache is being looked at…"));
    if (m_hub || !m_hubSentence.isEmpty()) heading(tr("Hugging Face hub"));
    if (m_hub)
        m_rows.push_back(*m_hub);
    else if (!m_hubSentence.isEmpty())
        sentence(m_hubSentence);
    endResetModel();
}

const ModelChoice* ModelChoices::at(const QModelIndex& index) const {
    if (!index.isValid() || index.row() >= static_cast<int>(m_rows.size())) return nullptr;
    const auto& choice = m_rows[static_cast<std::size_t>(index.row())];
    return canBeChosen(choice) ? &choice : nullptr;
}

QModelIndex ModelChoices::first() const {
    for (int row = 0; row < rowCount(); ++row)
        if (at(index(row))) return index(row);
    return {};
}

QModelIndex ModelChoices::next(const QModelIndex& from, int steps) const {
    if (!from.isValid()) return first();
    QModelIndex found = from;
    const int step = steps < 0 ? -1 : 1;
    for (int row = from.row() + step; steps != 0 && row >= 0 && row < rowCount(); row += step) {
        if (!at(index(row))) continue;
        found = index(row);
        steps -= step;
    }
    return found;
}

QModelIndex ModelChoices::find(ChoiceKind kind, const QString& target) const {
    for (int row = 0; row < rowCount(); ++row)
        if (const auto* choice = at(index(row)); choice && choice->kind == kind && choice->target == target)
            return index(row);
    return {};
}

int ModelChoices::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant ModelChoices::data(const QModelIndex& index, int role) const {
    const auto& choice = m_rows[static_cast<std::size_t>(index.row())];
    switch (role) {
        case Qt::DisplayRole:
            return choice.title;
        case Qt::AccessibleTextRole: {
            QStringList parts{choice.title};
            for (const auto* part : {&choice.facts, &choice.size}) {
                if (!part->isEmpty()) parts.append(*part);
            }
            if (!choice.hurdle.isEmpty()) parts.append(tr("Cannot be opened: %1").arg(choice.hurdle));
            return parts.join(". ");
        }
        case kKindRole:
            return static_cast<int>(choice.kind);
        case kFactsRole:
            return choice.facts;
        case kSizeRole:
            return choice.size;
        case kHurdleRole:
            return choice.hurdle;
        default:
            return {};
    }
}

Qt::ItemFlags ModelChoices::flags(const QModelIndex& index) const {
    return at(index) ? Qt::ItemIsEnabled | Qt::ItemIsSelectable : Qt::NoItemFlags;
}

}  // namespace attnviz::ui
