// Notes: what a person writes beside the run; kept in the session.
#include <QCoreApplication>
#include <QPlainTextEdit>
#include <QVBoxLayout>

#include "ui/panes/pane.h"
#include "ui/panes/panes.h"

namespace attnviz::ui {
namespace {

class NotesPane final : public Pane {
 public:
    static QString tr(const char* text) { return QCoreApplication::translate("NotesPane", text); }
    NotesPane(Workspace& workspace, QWidget* parent) : Pane(workspace, "notes", kRun, parent) {
        auto* body = new QWidget(this);
        auto* column = new QVBoxLayout(body);
        column->setContentsMargins(8, 8, 8, 8);
        m_edit = new QPlainTextEdit(body);
        m_edit->setPlaceholderText(tr("Notes on this run, saved with the session"));
        m_edit->setAccessibleName(tr("Notes"));
        m_edit->setTabChangesFocus(true);
        column->addWidget(m_edit);
        setBody(body);
        connect(m_edit, &QPlainTextEdit::textChanged, &workspace,
                [this, &workspace] { workspace.setNotes(m_edit->toPlainText()); });
    }

    QString values() const override { return bodyShown() ? m_edit->toPlainText() : QString(); }

 private:
    void refresh(unsigned) override {
        if (workspace().isEmpty())
            return showSentence(tr("Open a session or run a text to write notes beside it."));
        const QSignalBlocker quiet(m_edit);
        m_edit->setPlainText(QString::fromStdString(workspace().session().notes));
        showBody();
    }
    QPlainTextEdit* m_edit;
};

Pane* create(Workspace& workspace, QWidget* parent) {
    return new NotesPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kNotesPane{.id = "notes",
                                       .title = QT_TRANSLATE_NOOP("Pane", "Notes"),
                                       .accessible = QT_TRANSLATE_NOOP("Pane", "Notes kept with the session"),
                                       .place = PanePlace::rightBottom,
                                       .create = &create};

}  // namespace attnviz::ui
