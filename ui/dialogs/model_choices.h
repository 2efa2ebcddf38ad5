// The rows of the dialog that opens models: what is typed as a folder, what was open lately, what the Hugging
// Face cache holds, and what the hub might have; under headings, filtered by what is typed.
//
// Only a value with an order: what stands in it is found out elsewhere, off this thread.
#pragma once

#include <QAbstractListModel>
#include <QStringList>
#include <optional>
#include <vector>

#include "core/model/model_list.h"

namespace attnviz::ui {

enum class ChoiceKind { heading, sentence, folder, recent, cached, hub };

struct ModelChoice {
    ChoiceKind kind = ChoiceKind::sentence;
    QString title, facts, size;
    QString target;        // what openModel takes
    QString where;         // the folder, or the hub's host
    QString hurdle;        // why it cannot be opened; empty: it can
    bool code = false;     // a TorchScript module: asked about before it runs
    bool lacking = false;  // its files are not all there: the hub may have them
};

class ModelChoices final : public QAbstractListModel {
    Q_OBJECT
 public:
    enum Roles { kKindRole = Qt::UserRole + 1, kFactsRole, kSizeRole, kHurdleRole };

    explicit ModelChoices(QObject* parent = nullptr) : QAbstractListModel(parent) {}

    // Each fills its part and lists anew.
    void setRecent(std::vector<ModelChoice> recent);
    void setCached(std::vector<ModelChoice> cached, bool whole);  // not whole: still being looked at
    void setTyped(const QString& text, std::optional<ModelChoice> folder, std::optional<ModelChoice> hub);
    void setHubSentence(const QString& sentence);  // where there is no row of the hub

    const ModelChoice* at(const QModelIndex& index) const;
    // The first row that can be chosen; invalid if there is none.
    QModelIndex first() const;
    // The next that can be chosen, `steps` down or up; `from` itself at an end.
    QModelIndex next(const QModelIndex& from, int steps) const;
    QModelIndex find(ChoiceKind kind, const QString& target) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

 private:
    void list();

    std::vector<ModelChoice> m_recent, m_cached, m_rows;
    bool m_whole = false;
    std::optional<ModelChoice> m_folder, m_hub;
    QString m_typed, m_hubSentence;
};

}  // namespace attnviz::ui
