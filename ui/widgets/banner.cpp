#include "ui/widgets/banner.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/theme/icons.h"

namespace attnviz::ui {
namespace {

constexpr int kMostBanners = 3;

}  // namespace

Banners::Banners(QWidget* parent) : QWidget(parent), m_layout(new QVBoxLayout(this)) {
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(4);
    hide();
}

QStringList Banners::sentences() const {
    QStringList out;
    for (const auto* label : findChildren<QLabel*>("sentence")) out.append(label->text());
    return out;
}

void Banners::show(BannerKind kind, const QString& sentence, const QString& action,
                   std::function<void()> act) {
    if (sentences().contains(sentence)) return;
    while (m_layout->count() >= kMostBanners) {
        auto* item = m_layout->takeAt(0);
        delete item->widget();
        delete item;
    }
    auto* frame = new QFrame(this);
    frame->setObjectName("banner");
    frame->setProperty("kind", kind == BannerKind::error ? "error" : "warning");
    auto* row = new QHBoxLayout(frame);
    row->setContentsMargins(12, 3, 6, 3);
    row->setSpacing(8);
    auto* mark = new QLabel(frame);
    mark->setPixmap(icon(Icon::warning, kind == BannerKind::error ? IconColor::error : IconColor::warning)
                        .pixmap(16, 16));
    auto* label = new QLabel(frame);
    label->setObjectName("sentence");
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setText(sentence);
    label->setAccessibleName(kind == BannerKind::error ? tr("Error") : tr("Notice"));
    auto* close = new QToolButton(frame);
    close->setIcon(icon(Icon::close));
    close->setToolTip(tr("Close"));
    close->setAccessibleName(tr("Close"));
    row->addWidget(mark);
    row->addWidget(label, 1);
    const auto remove = [this, frame] {
        m_layout->removeWidget(frame);
        frame->deleteLater();
        frame->setParent(nullptr);
        setVisible(m_layout->count() > 0);
    };
    if (!action.isEmpty()) {
        auto* button = new QPushButton(action, frame);
        button->setProperty("role", "link");
        connect(button, &QPushButton::clicked, frame, [remove, act = std::move(act)] {
            const auto todo = act;  // the frame, and this closure with it, goes first
            remove();
            if (todo) todo();
        });
        row->addWidget(button);
    }
    row->addWidget(close);
    connect(close, &QToolButton::clicked, frame, remove);
    m_layout->addWidget(frame);
    setVisible(true);
}

void Banners::clear() {
    while (auto* item = m_layout->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    hide();
}

}  // namespace attnviz::ui
