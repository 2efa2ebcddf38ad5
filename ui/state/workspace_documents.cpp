// The documents of a workspace: opened, closed, switched between, and told of what runs in them.
#include <QFileInfo>
#include <algorithm>

#include "core/base/readable.h"
#include "ui/state/workspace.h"

namespace attnviz::ui {
namespace {

constexpr qsizetype kTitleLetters = 28;
constexpr std::size_t kMostClosed = 5;  // kept to be opened again

}  // namespace

Document& Workspace::addTo(std::vector<std::unique_ptr<Document>>& documents) {
    auto document = std::make_unique<Document>();
    document->id = m_nextId++;
    documents.push_back(std::move(document));
    return *documents.back();
}

Document* Workspace::findDocument(int id) {
    const auto found = std::ranges::find(m_documents, id, [](const auto& document) { return document->id; });
    return found == m_documents.end() ? nullptr : found->get();
}

const Document* Workspace::find(int id) const {
    return const_cast<Workspace*>(this)->findDocument(id);
}

QString Workspace::titleOf(const Document& document) {
    const auto& run = document.session.run;
    const auto plain = [](const QString& text) {
        return QString::fromStdString(harmless(text.toStdString()));
    };
    if (!document.path.isEmpty()) return plain(QFileInfo(document.path).fileName());
    QString text =
        (run ? QString::fromStdString(run->text()).left(4 * kTitleLetters) : document.text).simplified();
    if (text.size() > kTitleLetters) text = text.left(kTitleLetters).trimmed() + QChar(0x2026);
    if (!text.isEmpty()) return plain(text);
    if (run && !run->model.name.empty()) return plain(QString::fromStdString(run->model.name));
    return tr("New text");
}

int Workspace::addDocument() {
    makeCurrent(addTo(m_documents));
    emit documentsChanged();
    show(Change::run);
    return m_current->id;
}

void Workspace::closeDocument(int id) {
    const auto found = std::ranges::find(m_documents, id, [](const auto& document) { return document->id; });
    if (found == m_documents.end()) return;
    const bool current = found->get() == m_current;
    const auto index = found - m_documents.begin();
    if (!found->get()->isEmpty()) m_closed.push_back(std::move(*found));
    const auto empty = std::move(*found);  // alive until nothing points at it
    m_documents.erase(found);
    if (m_closed.size() > kMostClosed) m_closed.erase(m_closed.begin());
    if (m_documents.empty()) addTo(m_documents);
    if (current) {
        m_current = m_documents[static_cast<std::size_t>(
                                    std::min<std::ptrdiff_t>(index, std::ssize(m_documents) - 1))]
                        .get();
        show(Change::run);
        emit modifiedChanged();
        emit runningChanged();
    }
    emit documentsChanged();
}

void Workspace::reopenDocument() {
    if (m_closed.empty()) return;
    m_documents.push_back(std::move(m_closed.back()));
    m_closed.pop_back();
    m_documents.back()->running = -1;
    makeCurrent(*m_documents.back());
    emit documentsChanged();
    show(Change::run);
}

void Workspace::makeCurrent(Document& document) {
    m_current = &document;
    emit modifiedChanged();
    emit runningChanged();
}

void Workspace::setCurrentDocument(int id) {
    Document* document = findDocument(id);
    if (!document || document == m_current) return;
    makeCurrent(*document);
    emit documentsChanged();
    show(Change::run);
}

void Workspace::setTexts(const QString& text, const QString& pair, const QString& target) {
    const bool titled = isEmpty() && m_current->text != text;
    m_current->text = text;
    m_current->pair = pair;
    m_current->target = target;
    if (titled) emit documentsChanged();
}

void Workspace::setIds(std::optional<ModelInput> ids) {
    m_current->ids = std::move(ids);
}

void Workspace::setWritten(int id, const Generation& generation) {
    if (Document* document = findDocument(id)) document->written = generation;
}

void Workspace::setPath(int id, const QString& path) {
    Document* document = findDocument(id);
    if (!document || document->path == path) return;
    document->path = path;
    emit documentsChanged();
}

void Workspace::setModified(int id, bool modified) {
    Document* document = findDocument(id);
    if (!document || modified == document->modified) return;
    document->modified = modified;
    emit documentsChanged();
    if (document == m_current) emit modifiedChanged();
}

void Workspace::setRunning(int id, double fraction) {
    Document* document = findDocument(id);
    if (!document || fraction == document->running) return;
    const bool whether = (fraction < 0) != (document->running < 0);
    document->running = fraction;
    if (whether) emit documentsChanged();
    if (document == m_current) emit runningChanged();
}

}  // namespace attnviz::ui
